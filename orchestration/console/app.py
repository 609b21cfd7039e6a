"""The console as a web application: addresses, who may come in, and pages as HTML or CSV. What a page says is the page's.

It works for the person whose account started it, and whoever reaches its port must show the key that the terminal printed; where
an identity provider is named, for whoever signed in. Everything shown comes escaped, and the browser takes no script or style
from elsewhere (CSP).
"""

import contextlib
import hmac
import secrets
import threading
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import ImmutableMultiDict
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from orchestration.base import audit, machine
from orchestration.base.errors import Telco360Error
from orchestration.base.roles import NotPermitted, require, signed_in_as
from orchestration.base.settings import Home
from orchestration.base.words import words_of
from orchestration.console import texts
from orchestration.console.context import Context, Document, Download, Go
from orchestration.console.figures import Figure, is_number, shown
from orchestration.console.login import SIGNED_IN_SECONDS, Login, LoginError, signed_in
from orchestration.console.pages import PAGES, Page
from orchestration.console.versions import LACKS, NothingPublished, Versions, lacking
from orchestration.targeting.folder import list_folders, read_definitions
from orchestration.warehouse.manifest import Models

HERE = Path(__file__).parent
LOOPBACK = ("127.0.0.1", "localhost", "::1")
COOKIE = "telco360_console"
LANGUAGE_COOKIE = "telco360_language"
LONGEST_FORM = 200_000  # bytes
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
OF_DOCUMENTS = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups; frame-ancestors 'none'"


class Console:
    """What all requests share. `key`: what a browser must show once; from then on it has it as a cookie."""

    def __init__(self, home: Home, models: Models, key: str | None = None, login: Login | None = None):
        self.home, self.models, self.login = home, models, login
        self.key = key or secrets.token_urlsafe(24)
        self.versions = Versions(home, models)
        self.templates = templates()

    def warm(self) -> None:
        """Reads the definitions of lists ahead: hundreds of them take a second or two, once."""
        threading.Thread(target=read_definitions, args=list_folders(self.home), daemon=True).start()

    def token(self, request: Request) -> str:
        """What each form carries, so that no page from elsewhere can send one (CSRF)."""
        if self.login:
            return str(request.session.get("form", ""))
        return hmac.new(self.key.encode(), b"form", "sha256").hexdigest()


def application(console: Console) -> Starlette:
    """The application: a route a page, the files that pages need, and `/version`, which says whether a newer one is published."""
    return Starlette(
        routes=[
            *(Route(page.path, endpoint(console, page), methods=[page.method]) for page in PAGES),
            Route("/version", newer(console)),
            *_sign_in(console),
            # Pages are not compressed: their length would tell of the token in them.
            Mount("/static", GZipMiddleware(StaticFiles(directory=HERE / "static"))),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=_hosts(console), www_redirect=False),
            *_sessions(console),
        ],
        exception_handlers={
            404: lambda request, error: told(console, request, 404, "missing"),
            405: _form_alone(console),
            500: _broken(console),
        },
    )


def _hosts(console: Console) -> list[str]:
    return [*LOOPBACK, "[::1]", *([console.login.provider.host] if console.login else [])]


def _sessions(console: Console) -> list[Middleware]:
    """Who is signed in, as a signed cookie; its key goes with the process."""
    if console.login is None:
        return []
    return [
        Middleware(
            SessionMiddleware,
            secret_key=console.key,
            session_cookie=COOKIE,
            max_age=SIGNED_IN_SECONDS,
            same_site="lax",
            https_only=console.login.provider.is_https,
        )
    ]


def _sign_in(console: Console) -> list[Route]:
    """Where people sign in, come back, and sign out."""
    login = console.login
    if login is None:
        return []

    async def done(request: Request) -> Response:
        try:
            return await login.done(request)
        except LoginError as error:
            return told(console, request, 403, "not_signed_in", texts.said(words_of(error), language_of(request)))

    async def sign_out(request: Request) -> Response:
        if not _is_ours(console, request, await _form(request) or ImmutableMultiDict()):
            return told(console, request, 403, "no_token")
        request.session.clear()
        return told(console, request, 200, "signed_out")

    return [Route("/login", login.begin), Route("/login/done", done), Route("/logout", sign_out, methods=["POST"])]


def templates() -> Environment:
    """Templates, all of them escaped; a name that a page did not give is an error."""
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def endpoint(console: Console, page: Page) -> Callable[[Request], Awaitable[Response]]:
    """Answers requests for the page, in a thread, since it asks the version."""

    async def answer(request: Request) -> Response:
        form = await _form(request) if page.method == "POST" else ImmutableMultiDict[str, str]()
        if form is None:
            return told(console, request, 413, "too_long")
        return await run_in_threadpool(_answer, console, page, request, form)

    return answer


def _answer(console: Console, page: Page, request: Request, form: ImmutableMultiDict[str, str]) -> Response:
    if refused := _entered(console, request):
        return refused
    if page.method == "POST" and not _is_ours(console, request, form):
        return told(console, request, 403, "no_token")
    if (language := request.query_params.get("lang")) in texts.LANGUAGES:
        return _with_language(request, str(language))
    said = [*request.query_params.multi_items(), *form.multi_items(), *request.path_params.items()]
    given = ImmutableMultiDict([(name, value.replace("\0", "")) for name, value in said])  # which ends a query before its end
    with signed_in_as(*who) if console.login and (who := signed_in(request)) else contextlib.nullcontext():
        return _shown(console, page, request, given)


def _shown(console: Console, page: Page, request: Request, given: ImmutableMultiDict[str, str]) -> Response:
    context = None
    try:
        who = require(console.home, f"console {page.name}", page.needs)
        context = Context(console.home, console.models, console.versions.current(), who, language_of(request), page.name, given)
        values = page.view(context)
        if isinstance(values, Go):
            return _gone(request, values.path)
        if isinstance(values, Download):
            return _sent(values)
        if isinstance(values, Document):
            return HTMLResponse(values.html, headers=HEADERS | {"Content-Security-Policy": OF_DOCUMENTS})
        if "csv" in given:
            return _csv(given["csv"], values) or told(console, request, 404, "missing")
        return _html(console, request, page.template or f"{page.name}.html", context=context, page=page, **values)
    except NothingPublished as error:
        return told(console, request, 503, error.why)
    except NotPermitted as error:
        with contextlib.suppress(NotPermitted, OSError):  # as of a command that is refused
            audit.record(console.home, "refused", f"console {page.name}", result="refused")
        return told(console, request, 403, "error", texts.said(words_of(error), language_of(request)))
    except Telco360Error as error:
        fault = words_of(error)
        return told(console, request, 400, "error", context.said(fault) if context else texts.said(fault, language_of(request)))
    except LACKS as error:
        if context is None:
            raise
        return told(console, request, 400, "error", context.said(lacking(context.version.version.name, error)))
    except Exception as error:
        words = machine.describe(error, console.home.root)
        if words is None:
            raise
        return told(console, request, 500, "error", texts.said(words, language_of(request)))


def _sent(download: Download) -> Response:
    if download.file:
        return FileResponse(download.file, filename=download.name, headers=HEADERS)
    headers = HEADERS | {"Content-Disposition": f'attachment; filename="{download.name}"'}
    return Response(download.content, media_type="text/csv", headers=headers)


def _gone(request: Request, path: str) -> Response:
    """Sends the browser on, also where a script of a page asked."""
    if "HX-Request" in request.headers:
        return Response(headers=HEADERS | {"HX-Redirect": path})
    return RedirectResponse(path, 303, headers=HEADERS)


async def _form(request: Request) -> ImmutableMultiDict[str, str] | None:
    """The fields of a form; None for one that is longer than any of the console's needs to be."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            return None
    return ImmutableMultiDict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _is_ours(console: Console, request: Request, form: ImmutableMultiDict[str, str]) -> bool:
    """Whether the form is one of the console's own, by its token."""
    given, known = request.headers.get("X-CSRF-Token") or form.get("token", ""), console.token(request)
    return bool(known) and hmac.compare_digest(given.encode(), known.encode())


def told(console: Console, request: Request, status: int, what: str, words: str = "") -> Response:
    """A page, or the part of one that a script asked for, that says what is so and what to do: the texts `told.<what>`, and the
    words of an error."""
    template = "told_part.html" if "HX-Request" in request.headers else "told.html"
    return _html(console, request, template, status, what=what, words=words, context=None, page=None)


def newer(console: Console) -> Callable[[Request], Response]:
    """A line for a page of another version than the current one; empty where it is the current one."""

    def answer(request: Request) -> Response:
        if refused := _entered(console, request):
            return refused
        try:
            name = console.versions.current().version.name
        except NothingPublished:
            return _html(console, request, "newer.html", is_gone=True)
        if name == request.query_params.get("shown"):
            return Response(status_code=204, headers=HEADERS)
        return _html(console, request, "newer.html", is_gone=False)

    return answer


def language_of(request: Request) -> str:
    """The language asked for last, else the one that the browser prefers, else English."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in texts.LANGUAGES:
        return str(chosen)
    return "zh" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"


def same_page(request: Request, **changes: str | None) -> str:
    """The address asked for, with some of what it says changed; None leaves it out. Of a form that was sent, the page above."""
    given = {**request.query_params, **changes}
    rest = urlencode({name: value for name, value in given.items() if value})
    path = above(request.url.path) if request.method == "POST" else request.url.path
    return f"{path}?{rest}" if rest else path


def above(path: str) -> str:
    """The page that an action is of: /lists/vip_care of /lists/vip_care/approve. Pure."""
    return path.rpartition("/")[0] or "/"


def _entered(console: Console, request: Request) -> Response | None:
    """None for a browser that has shown the key; else where it goes instead."""
    if console.login:
        return None if signed_in(request) else _gone(request, f"/login?{urlencode({'to': same_page(request)})}")
    if hmac.compare_digest(request.query_params.get("key", "").encode(), console.key.encode()):
        entered = RedirectResponse(same_page(request, key=None), 303, headers=HEADERS)
        entered.set_cookie(COOKIE, console.key, httponly=True, samesite="lax")
        return entered
    if hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), console.key.encode()):
        return None
    return told(console, request, 403, "no_key")


def _with_language(request: Request, language: str) -> Response:
    response = RedirectResponse(same_page(request, lang=None), 303, headers=HEADERS)
    response.set_cookie(LANGUAGE_COOKIE, language, max_age=365 * 24 * 3600, httponly=True, samesite="lax")
    return response


def _csv(name: str, values: Mapping[str, object]) -> Response | None:
    """The figure of that name as a file; None where the page has none."""
    for figure in figures_of(values):
        if figure.name == name:
            headers = HEADERS | {"Content-Disposition": f'attachment; filename="{name}.csv"'}
            return Response(figure.csv(), media_type="text/csv", headers=headers)
    return None


def figures_of(values: Mapping[str, object]) -> list[Figure]:
    """All figures among the values of a page, by themselves or in lists."""
    found = []
    for value in values.values():
        found += [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, Figure)]
    return found


def _html(console: Console, request: Request, template: str, status: int = 200, /, **values: Any) -> Response:
    language = language_of(request)
    shared = {
        "language": language,
        "languages": texts.LANGUAGES,
        "t": lambda key, **given: texts.text(key, language, **given),
        "pages": PAGES,
        "token": console.token(request),
        "signs_in": console.login is not None,
        "same_page": lambda **changes: same_page(request, **changes),
        "path": request.url.path,
        "shown": shown,
        "is_number": is_number,
        "comma": texts.text("layout.comma", language),
    }
    html = console.templates.get_template(template).render(shared | values)
    return HTMLResponse(html, status, headers=HEADERS)


def _form_alone(console: Console) -> Callable[[Request, Exception], Response]:
    """What takes a form alone and was opened, as by a reload or another language, leads to the page that has the form."""

    def answer(request: Request, error: Exception) -> Response:
        if request.method != "GET":
            return told(console, request, 405, "missing")
        rest = f"?{request.url.query}" if request.url.query else ""
        return _gone(request, above(request.url.path) + rest)

    return answer


def _broken(console: Console) -> Callable[[Request, Exception], Response]:
    return lambda request, error: told(console, request, 500, "broken")

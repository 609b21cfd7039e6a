"""Signing in by OpenID Connect, for people of other machines: the provider says who they are, `roles.yml` what they may.

Without a provider the console works in the name of the account that started it, and none of this is used.
"""

import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from orchestration.base.errors import Telco360Error
from orchestration.base.settings import SettingsError
from orchestration.base.words import Message

SIGNED_IN_SECONDS = 8 * 3600
"""After so long somebody signs in again."""

SCOPE = "openid profile"


class LoginError(Telco360Error, RuntimeError):
    """A sign-in that did not succeed; the text says why."""


@dataclass(frozen=True)
class Provider:
    """Who signs people in, and where the console is found. `user_claim`: what the provider calls the name that roles.yml has."""

    issuer: str
    client: str
    secret: str
    address: str
    user_claim: str = "preferred_username"

    @property
    def host(self) -> str:
        return urlsplit(self.address).hostname or ""

    @property
    def is_https(self) -> bool:
        return self.address.startswith("https://")


def provider() -> Provider | None:
    """As TELCO360_OIDC_… and TELCO360_CONSOLE_ADDRESS say; None where no issuer is set. Raises SettingsError for what lacks."""
    issuer = os.environ.get("TELCO360_OIDC_ISSUER", "").rstrip("/")
    if not issuer:
        return None
    names = ("TELCO360_OIDC_CLIENT", "TELCO360_OIDC_SECRET_FILE", "TELCO360_CONSOLE_ADDRESS")
    client, file, address = (os.environ.get(name, "") for name in names)
    if lacks := [name for name, value in zip(names, (client, file, address), strict=True) if not value]:
        raise SettingsError(f"TELCO360_OIDC_ISSUER is set; set {', '.join(lacks)} too (docs/console.md)")
    for name, url in (("TELCO360_OIDC_ISSUER", issuer), ("TELCO360_CONSOLE_ADDRESS", address)):
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
            raise SettingsError(f"{name}: '{url}' must begin with https://, so that nobody on the way reads or changes a sign-in")
    claim = os.environ.get("TELCO360_OIDC_USER_CLAIM") or "preferred_username"
    return Provider(issuer, client, _secret(Path(file)), address.rstrip("/"), claim)


def _secret(path: Path) -> str:
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"TELCO360_OIDC_SECRET_FILE: {path} cannot be read: {error.strerror}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO) or not text:
        raise SettingsError(
            f"TELCO360_OIDC_SECRET_FILE: {path} must hold the secret and be closed to others; run chmod 600 {path}"
        )
    return text


class Login:
    """Sends people to the provider and takes them back; who is signed in stands in the session, a signed cookie."""

    def __init__(self, provider: Provider):
        self.provider = provider
        self._client: Any = OAuth().register(
            "provider",
            client_id=provider.client,
            client_secret=provider.secret,
            server_metadata_url=f"{provider.issuer}/.well-known/openid-configuration",
            client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
        )

    async def begin(self, request: Request) -> Response:
        """To the provider. `to` is the path to come back to."""
        to = request.query_params.get("to", "/")
        request.session.clear()
        request.session["to"] = to if to.startswith("/") and not to.startswith(("//", "/\\")) else "/"
        answer: Response = await self._client.authorize_redirect(request, f"{self.provider.address}/login/done")
        return answer

    async def done(self, request: Request) -> Response:
        """Back from the provider. Raises LoginError where it vouches for nobody."""
        try:
            token = await self._client.authorize_access_token(request)
        except OAuthError as error:
            english, why = "{issuer} did not sign you in: {why}", error.description or error.error
            raise LoginError(Message.of("provider_refused", english, issuer=self.provider.issuer, why=why)) from error
        claims = token.get("userinfo") or {}
        user = claims.get(self.provider.user_claim)
        if not isinstance(user, str) or not user.strip():
            english, claim = "{issuer} says no {claim} of you, which names you in roles.yml", self.provider.user_claim
            raise LoginError(Message.of("provider_names_nobody", english, issuer=self.provider.issuer, claim=claim))
        groups = claims.get("groups")
        to = request.session.get("to", "/")
        request.session.clear()
        request.session["user"] = user
        request.session["groups"] = [str(group) for group in groups] if isinstance(groups, list) else []
        request.session["form"] = secrets.token_urlsafe(24)
        return RedirectResponse(to, 303)


def signed_in(request: Request) -> tuple[str, frozenset[str]] | None:
    """Who is signed in, and their groups; None for nobody."""
    user = request.session.get("user")
    return (str(user), frozenset(request.session.get("groups", ()))) if user else None

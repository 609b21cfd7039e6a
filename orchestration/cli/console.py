"""The command `telco360 console`."""

import contextlib
import socket
from typing import Annotated

import typer
import uvicorn

from orchestration.base import settings
from orchestration.base.settings import SettingsError
from orchestration.cli.common import models, plain_errors
from orchestration.console.app import LOOPBACK, Console, application
from orchestration.console.login import Login, Provider, provider

app = typer.Typer(add_completion=False)


@app.command()
def console(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 3360,
    host: Annotated[str, typer.Option(help="Address to listen on: this machine alone, unless people sign in.")] = LOOPBACK[0],
) -> None:
    """Open the console on 127.0.0.1: figures, tags, audiences and lists as pages, in English and Chinese.

    It works in the name of whoever starts it; the address that it prints holds a key, without which nobody is let in.

    Where TELCO360_OIDC_ISSUER names an identity provider, people sign in there instead.
    """
    with plain_errors():
        named = provider()
        require_reachable(host, named)
        require_free(host, port)
        if settings.target() == settings.SPARK:
            raise SettingsError("the console reads versions of DuckDB: leave out --target spark")
        shared = Console(settings.home(), models(), login=Login(named) if named else None)
    place = f"[{host}]" if ":" in host else host
    typer.echo(f"Open {named.address if named else f'http://{place}:{port}/?key={shared.key}'}\nCtrl-C ends it.")
    shared.warm()
    served = application(shared)
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is how it ends
        uvicorn.run(served, host=host, port=port, log_level="warning", lifespan="off", server_header=False, timeout_keep_alive=60)


def require_reachable(host: str, named: Provider | None) -> None:
    """Raises SettingsError for an address that others than this machine could reach where nobody signs in."""
    if host not in LOOPBACK and named is None:
        raise SettingsError(
            f"--host {host}: the console works in your name, so it listens on {', '.join(LOOPBACK)} alone. To reach it from "
            f"another machine, forward the port: ssh -L 3360:127.0.0.1:3360 THIS_MACHINE. Or have people sign in: docs/console.md"
        )


def require_free(host: str, port: int) -> None:
    """Raises SettingsError where the port cannot be listened to, mostly since another program does."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"port {port} of {host} cannot be used ({error.strerror}): is a console running already? End that, or name "
                f"another with --port"
            ) from error

"""``forescale app``: runs, campaigns and loops of a folder in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import socket

_LOOPBACK = "127.0.0.1"


def app(
    folder: Annotated[
        Path, typer.Argument(help="Folder of runs, campaigns and loops; this one by default.")
    ] = Path(),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; a free one by default.")] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the link in the browser.")
    ] = True,
    host: Annotated[
        str, typer.Option(help="Interface to listen on; any but loopback needs --token.")
    ] = _LOOPBACK,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="FORESCALE_APP_TOKEN",
            help="Secret of the first link, 16 characters or more; a random one by default.",
        ),
    ] = None,
) -> None:
    """Show a folder in the browser: one local process, no account, no network."""
    from forescale._machine.imports import optional

    for module in ("fastapi", "uvicorn", "python_multipart"):
        optional(module, "app")
    import asyncio
    import secrets

    _check(host, token)
    token = token or secrets.token_urlsafe(32)
    listening = _listen(host, port)
    from forescale.app.server import create_app, serve

    taken = listening.getsockname()[1]
    made = create_app(folder, token, host=host, port=taken)
    link = f"http://{_in_link(host)}:{taken}/?token={token}"
    print(link, flush=True)  # noqa: T201
    if browser:
        import webbrowser

        webbrowser.open(link)
    asyncio.run(serve(made, listening))


def _check(host: str, token: str | None) -> None:
    import ipaddress

    from forescale.errors import ConfigError

    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local and token is None:
        raise ConfigError(
            f"--host: got {host}, which others can reach; give --token too (or "
            "FORESCALE_APP_TOKEN), and know that the connection is not encrypted"
        )
    if token is not None and (len(token) < 16 or not token.isascii() or not token.isprintable()):
        raise ConfigError("--token: expected 16 or more ASCII characters")


def _listen(host: str, port: int) -> socket.socket:
    import socket

    from forescale.errors import ConfigError

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(128)  # whoever follows the link at once waits instead of being refused
    except OSError as error:
        found.close()
        raise ConfigError(
            f"{host}:{port} cannot be listened on ({error.strerror or error}); choose another "
            "--port or --host"
        ) from None
    return found


def _in_link(host: str) -> str:
    import socket

    if host in ("0.0.0.0", "::"):  # noqa: S104
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host

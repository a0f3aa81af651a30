"""Who may talk to the app, and what may be said: the one gate before every screen.

The app acts for whoever sits at the machine, so a page of somebody else's in the same browser is
the enemy: it can send requests here and can be led here by a name (DNS rebinding). Every request
needs a known ``Host`` and the cookie that the first link sets; every change also needs our own
``Origin`` and a token that only our pages know.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSRF_HEADER = "x-csrf-token"
MOST_UPLOAD = 256 * 1024**2
"""Bytes of the largest body of a path that ends in ``/upload``: tables of a study, candidates."""
SMALL_BODY = 1024**2
"""Bytes of the largest body of every other request."""
_SAFE = {"GET", "HEAD", "OPTIONS"}

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    )
)
PAGE_OF_A_RUN = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data: blob:"
)
"""For ``report.html``, which may have come from anybody: an origin of its own, no network."""

_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class Access:
    """The secrets of one start of the app, and the names under which it may be reached.

    Attributes
    ----------
    token
        In the first link; whoever knows it may use the app.
    host, port
        What the app listens on.
    session, csrf
        Value of the cookie, and token of every change.
    """

    token: str
    host: str = "127.0.0.1"
    port: int = 0
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def cookie(self) -> str:
        """Name of the cookie; browsers do not tell ports apart, so the name does."""
        return f"forescale-{self.port}"

    def knows_host(self, header: str) -> bool:
        """Whether a ``Host`` header names this app.

        >>> Access("t", port=8000).knows_host("127.0.0.1:8000")
        True
        >>> Access("t", port=8000).knows_host("evil.example:8000")
        False
        """
        try:
            parts = urlsplit(f"//{header}")
            name, port = parts.hostname or "", parts.port or 80
        except ValueError:
            return False
        if port != self.port or header != header.strip() or "@" in header or "/" in header:
            return False
        if name == "localhost" or _is_loopback(name):
            return True
        if _is_loopback(self.host):
            return False
        return name in {self.host, *_own_names()} or _is_address(name)

    def has_cookie(self, header: str) -> bool:
        """Whether a ``Cookie`` header holds the session."""
        try:
            found = SimpleCookie(header).get(self.cookie)
        except CookieError:
            return False
        return found is not None and _same(found.value, self.session)

    def is_token(self, given: str) -> bool:
        """Whether a token is that of the first link."""
        return _same(given, self.token)

    def is_csrf(self, given: str) -> bool:
        """Whether a token is that of our own pages."""
        return _same(given, self.csrf)


class Gate:
    """ASGI middleware: refuses what `Access` does not allow, and adds the headers of safety."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no web sockets here
            await send({"type": "websocket.close", "code": 1008})
            return
        send = _with_headers(send)
        refused = self._first_visit(scope) or self._refusal(scope)
        if refused is not None:
            await refused(scope, receive, send)
            return
        most = MOST_UPLOAD if scope["path"].endswith("/upload") else SMALL_BODY
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > most:
            await _too_large(most)(scope, receive, send)
            return
        await self._bounded(scope, receive, send, most)

    def _first_visit(self, scope: Scope) -> HTMLResponse | None:
        """The answer to the first link: the cookie, and on to the home page."""
        query = parse_qs(scope["query_string"].decode("latin-1"))
        host = Headers(scope=scope).get("host", "")
        if scope["method"] != "GET" or "token" not in query or not self._access.knows_host(host):
            return None
        if not self._access.is_token(query["token"][0]):
            return _refuse("This link is of an earlier start; open the one printed last.")
        # A page, not a redirect: the way on then starts here, so that the strict cookie is sent
        # also if the link was followed from another site (a mail, a notebook).
        answer = HTMLResponse(
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>forescale</title>'
            '<link rel="icon" href="data:,"><meta http-equiv="refresh" content="0; url=/"></head>'
            '<body><p><a href="/">Open forescale</a></p></body></html>'
        )
        answer.set_cookie(
            self._access.cookie, self._access.session, httponly=True, samesite="strict", path="/"
        )
        return answer

    def _refusal(self, scope: Scope) -> HTMLResponse | PlainTextResponse | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._access.knows_host(host):
            return PlainTextResponse("Unknown host: open the link that was printed.", 421)
        if not self._access.has_cookie(headers.get("cookie", "")):
            return _refuse("Open the link that forescale app printed: it lets this browser in.")
        if scope["method"] in _SAFE:
            return None
        if headers.get("origin") != f"{scope.get('scheme', 'http')}://{host}":
            return _refuse("A change may be asked for by this app's own pages only.")
        if not self._access.is_csrf(headers.get(CSRF_HEADER, "")):
            return _refuse("This page is of an earlier start; load it again.")
        return None

    async def _bounded(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        """Pass a request on, and stop reading where its body grows beyond what it may have."""
        read, answered = 0, False

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise _TooLargeError
            return message

        async def noted(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._app(scope, counted, noted)
        except _TooLargeError:
            if not answered:
                await _too_large(most)(scope, receive, send)


class _TooLargeError(Exception):
    """A body beyond its bound."""


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending


def _refuse(why: str) -> HTMLResponse:
    page = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Not let in</title>'
        f"</head><body><main><h1>Not let in</h1><p>{why}</p></main></body></html>"
    )
    return HTMLResponse(page, 403)


def _too_large(most: int) -> PlainTextResponse:
    return PlainTextResponse(
        f"Too large: at most {most // 1024**2} MiB are taken here. Put the file into the folder, "
        "or use the command line.",
        413,
        {"connection": "close"},
    )


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    return name == "localhost" or (_is_address(name) and ipaddress.ip_address(name).is_loopback)


def _own_names() -> set[str]:
    return {socket.gethostname().lower(), socket.getfqdn().lower()}

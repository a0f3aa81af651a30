"""One careful GET: retries with waits, limits of time and size, one host, JSON only.

The client of ``optimade`` is not used for this. It neither reads ``Retry-After`` nor repeats
after a 5xx or a lost connection, keeps pages in memory, follows any link to any host, and
cannot continue a download (Materials-Consortia/optimade-python-tools, issue 1900). urllib3's
own ``Retry`` cannot repeat after a page that ends too early or is not JSON, which needs a
loop here anyway; so there is one loop for all.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from forescale import __version__
from forescale.errors import ConfigError, ForescaleError

_PASSING = {408, 425, 429, 500, 502, 503, 504}
_REDIRECTS = {301, 302, 303, 307, 308}
_HOPS = 5
_CONNECT = 15.0  # seconds
_CHUNK = 1 << 16
_SHOWN = 400  # characters of a server's own words


class UnreachableError(ForescaleError):
    """A server that still does not answer properly after all attempts."""


class RefusedError(ForescaleError):
    """A server that answers with an error which another attempt would not mend."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _PassingError(Exception):
    """A fault worth another attempt, after ``wait`` seconds if the server named them."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


@dataclass(frozen=True)
class Manners:
    """How patient and how trusting to be.

    Parameters
    ----------
    attempts
        Requests for one page before giving up.
    timeout
        Seconds without a byte.
    deadline
        Seconds for a whole page.
    backoff
        Seconds before the second attempt; doubled with each.
    longest_wait
        Longest wait in seconds; a server that asks for more is left in peace.
    page_bytes
        Largest page accepted, after decompression.
    page_limit
        Entries asked for per page; servers with a lower limit are asked for theirs.
    """

    attempts: int = 6
    timeout: float = 60.0
    deadline: float = 300.0
    backoff: float = 1.0
    longest_wait: float = 600.0
    page_bytes: int = 64 << 20
    page_limit: int = 100


@dataclass(frozen=True)
class Answer:
    """A JSON object, and when the server sent it by its own clock."""

    body: dict[str, Any]
    date: datetime | None


class Client:
    """GETs JSON from one host.

    Parameters
    ----------
    base_url
        Every address must be on its host and port.
    manners
        Limits.
    tell
        Takes one line about each wait.
    """

    def __init__(self, base_url: str, manners: Manners, tell: Callable[[str], None]) -> None:
        import requests  # comes with pooch; a quarter of a second

        self.base_url = base_url
        self._base = split_url(base_url)
        self._manners, self._tell = manners, tell
        self._errors = requests.RequestException
        self._session = _session()

    def get(self, url: str) -> Answer:
        """The JSON object at ``url``, after as many attempts as the manners allow.

        Raises
        ------
        RefusedError
            If the server says that the request is wrong.
        UnreachableError
            If no attempt brought a whole JSON object.
        """
        for attempt in range(1, self._manners.attempts + 1):
            try:
                return self._once(url)
            except _PassingError as fault:
                wait = self._manners.backoff * 2 ** (attempt - 1)
                wait = max(min(wait, self._manners.longest_wait), fault.wait or 0.0)
                if attempt == self._manners.attempts or wait > self._manners.longest_wait:
                    asked = f", asked to wait {wait:.0f} s" if fault.wait else ""
                    raise UnreachableError(f"{url}: {fault}{asked} (attempt {attempt})") from None
                self._tell(f"{self._base.netloc}: {fault}; again in {wait:.3g} s")
                time.sleep(wait)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def same_host(self, url: str, origin: str) -> str:
        """``url``, which ``origin`` led to, if it stays on this client's host.

        A server behind a proxy often writes ``http`` in its links; https is kept then.
        """
        target = split_url(urljoin(origin, url))
        base = self._base
        if target.hostname != base.hostname or _port(target) not in {_port(base), 80, 443}:
            raise ForescaleError(
                f"{origin} leads to {plain(url)}, expected an address on {base.netloc}: refused. "
                "If you trust that address, give it as the provider"
            )
        if base.scheme == "https":
            target = target._replace(scheme="https", netloc=base.netloc)
        if _port(target) != _port(base) and target.scheme != "https":
            raise ForescaleError(
                f"{origin} leads to port {_port(target)}, expected {_port(base)}: refused"
            )
        return target.geturl()

    def _once(self, url: str) -> Answer:
        end = time.monotonic() + self._manners.deadline
        for _ in range(_HOPS):
            try:
                answer = self._answer(url, end)
                with answer:
                    body = b"".join(self._chunks(answer, url, end))
            except (self._errors, OSError) as error:
                raise _PassingError(_network_reason(error)) from None
            if answer.status_code in _REDIRECTS and "location" in answer.headers:
                url = self.same_host(answer.headers["location"], url)
                continue
            return self._judged(url, answer, body)
        raise ForescaleError(f"{url}: more than {_HOPS} redirects")

    def _answer(self, url: str, end: float) -> Any:
        """The answer's head. A server that drips it is left at the deadline, thread and all."""
        session, came = self._session, queue.SimpleQueue[Any]()

        def ask() -> None:
            try:
                came.put(
                    session.get(
                        url,
                        stream=True,
                        allow_redirects=False,  # they may leave the host or the protocol
                        timeout=(_CONNECT, self._manners.timeout),
                    )
                )
            except Exception as error:
                came.put(error)

        threading.Thread(target=ask, daemon=True).start()
        try:
            answer = came.get(timeout=max(end - time.monotonic(), 0.0))
        except queue.Empty:
            self._session = _session()  # the old one is busy with that server
            raise self._late() from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _late(self) -> _PassingError:
        return _PassingError(f"no whole page in {self._manners.deadline:g} s")

    def _chunks(self, answer: Any, url: str, end: float) -> Iterator[bytes]:
        """The body as it comes: a drip must not outlast the deadline, nor a flood the memory."""
        size = 0
        from urllib3.exceptions import HTTPError

        try:
            while chunk := answer.raw.read1(_CHUNK, decode_content=True):
                size += len(chunk)
                if size > self._manners.page_bytes:
                    raise ForescaleError(
                        f"{url}: got more than {self._manners.page_bytes >> 20} MiB, expected "
                        "a page of structures; ask for fewer entries a page"
                    )
                if time.monotonic() > end:
                    raise self._late()
                yield chunk
        except HTTPError as error:
            raise _PassingError(_network_reason(error)) from None

    def _judged(self, url: str, answer: Any, body: bytes) -> Answer:
        status = answer.status_code
        if status in _PASSING:
            wait = _retry_after(answer.headers.get("retry-after"))
            raise _PassingError(f"status {status}{_words(body)}", wait)
        if status != 200:
            raise RefusedError(f"{url}: got status {status}{_words(body)}", status)
        try:
            parsed = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise _PassingError(f"a page that is not whole JSON ({plain(str(error))})") from None
        if not isinstance(parsed, dict):
            raise _PassingError(f"a page that is a JSON {type(parsed).__name__}, not an object")
        return Answer(parsed, _date(answer.headers.get("date")))


def _session() -> Any:
    import requests

    session = requests.Session()
    session.headers["User-Agent"] = f"forescale/{__version__}"
    session.headers["Accept"] = "application/vnd.api+json, application/json"
    return session


def split_url(url: str) -> SplitResult:
    """The parts of an http(s) address.

    Raises
    ------
    ConfigError
        If it is anything else, or has a user name in it, which tables would keep.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and _port(parts) > 0
    except ValueError:
        good = False
    if not good or parts.username is not None:
        raise ConfigError(
            f"got address {plain(url)!r}, expected one that starts with https:// or http://, "
            "without a user name"
        )
    return parts


def plain(text: object) -> str:
    r"""A server's words, fit for a terminal: no control characters, not long.

    >>> plain("a\x1b[31mb\n c")
    'a[31mb c'
    """
    words = " ".join(str(text).split())
    shown = "".join(c for c in words if c.isprintable())
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _network_reason(error: BaseException) -> str:
    """The innermost reason, without the object addresses of urllib3's texts."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return f"{type(error).__name__}: {plain(error)}"


def _words(body: bytes) -> str:
    """What an OPTIMADE error says, as ``: title: detail``."""
    try:
        errors = json.loads(body)["errors"]
        texts = [str(e.get("detail") or e.get("title")) for e in errors]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ""
    return f": {plain('; '.join(texts))}"


def _retry_after(header: str | None) -> float | None:
    """Seconds to wait, from a number or an HTTP date."""
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        date = _date(header)
    return None if date is None else max(0.0, (date - datetime.now(UTC)).total_seconds())


def _date(header: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)

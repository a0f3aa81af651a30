"""The OPTIMADE reference server on loopback, and a proxy before it that can misbehave.

The server is the real one (``optimade[server]``, in-memory backend), started as a process of
its own. Faults are made by the proxy, a real HTTP server too.
"""

import json
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from forescale.catalog.live import Manners, OptimadeQuery, fetch_optimade

FORMULAS = [
    *("NaCl", "MgO", "GaN", "GaAs", "ZnO", "TiO2", "SiC", "BN", "AlN"),
    *("InP", "CdTe", "LiF", "KBr", "Al2O3", "SiO2", "PbTe", "CaF2", "NaN"),
]
PAGE_LIMIT = 10
PROPERTIES = [
    {"name": "band_gap", "type": "float", "unit": "eV", "description": "A made-up gap."},
    {"name": "band_gap_in_joule", "type": "float", "unit": "J", "description": "In eV, in truth."},
    {"name": "gap_bare", "type": "float", "description": "No unit."},
    {"name": "hull", "type": "dictionary", "description": "One value per functional."},
    {"name": "label", "type": "string", "description": "No number."},
]


def structures(extra=0):
    """44 structures of 18 compositions; every 16th has no gap. ``extra`` more come first."""
    for number in range(-extra, 44):
        gap = None if number % 16 == 15 else round(0.1 * max(number, 0), 3)
        yield {
            "id": f"s-{1000 + number}",
            "type": "structures",
            "attributes": {
                "chemical_formula_reduced": FORMULAS[number % len(FORMULAS)],
                "last_modified": "2024-01-01T00:00:00Z",
                "nelements": 2 if number % 3 else 3,
                "band_gap": gap,
                "band_gap_in_joule": gap,
                "gap_bare": gap,
                "hull": {"pbe": {"above": 0.01 * number}},
                "label": "x",
            },
        }


@contextmanager
def reference_server(folder, extra=0, databases=None):
    """Start the server as a process; yield its address."""
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    lines = [{"x-optimade": {"meta": {"api_version": "1.2.0"}}}, *structures(extra)]
    (folder / "data.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    config = {
        "database_backend": "mongomock",
        "insert_test_data": databases is not None,
        "insert_from_jsonl": str(folder / "data.jsonl") if databases is None else None,
        "index_links_path": str(folder / "links.json"),
        "page_limit": PAGE_LIMIT,
        "page_limit_max": 50,
        "log_dir": str(folder),
        "provider": {"name": "Example", "description": "An example", "prefix": "exmpl"},
        "provider_fields": {"structures": PROPERTIES},
    }
    (folder / "config.json").write_text(json.dumps(config))
    links = [
        {
            "id": name,
            "type": "links",
            "name": name,
            "description": name,
            "base_url": url,
            "homepage": None,
            "link_type": "child",
        }
        for name, url in (databases or {}).items()
    ]
    (folder / "links.json").write_text(json.dumps(links))
    module = "main" if databases is None else "main_index"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", f"optimade.server.{module}:app"),
                *("--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"),
            ],
            env={
                "OPTIMADE_CONFIG_FILE": str(folder / "config.json"),
                # The index would ask the network for the list of providers.
                "HTTPS_PROXY": "http://127.0.0.1:9",
            },
            stdout=log,
            stderr=log,
        )
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait(timeout=10)


def wait_for(url, process, seconds=180):
    for _ in range(int(seconds / 0.1)):
        assert process.poll() is None, "the reference server ended; see its log"
        try:
            with urlopen(f"{url}/v1/info", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the reference server did not start")


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    """Addresses of the server, of the same with one more structure, and of an index."""
    if find_spec("optimade") is None or find_spec("mongomock") is None:
        pytest.skip("needs optimade[server]")
    folder = tmp_path_factory.mktemp("optimade")
    with ExitStack() as stack:
        started = {
            "server": stack.enter_context(reference_server(folder / "a")),
            "grown": stack.enter_context(reference_server(folder / "b", extra=1)),
        }
        addresses = {name: url for name, (url, _) in started.items()}
        started["index"] = stack.enter_context(reference_server(folder / "c", databases=addresses))
        for url, process in started.values():
            wait_for(url, process)
        yield {name: url for name, (url, _) in started.items()}


class Proxy(ThreadingHTTPServer):
    """Forwards to ``upstream``; ``faults`` and ``edit`` say what goes wrong.

    ``faults`` maps the count of a request for a page, from 1, to a function that gets the
    handler and the true body, and answers instead. ``edit`` maps (path, JSON) to other JSON.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.reset("")

    def reset(self, upstream):
        self.upstream, self.faults, self.pages, self.times = upstream, {}, [], []
        self.delay, self.edit = 0.0, lambda path, body: body

    def handle_error(self, request, client_address):
        """Clients that hang up, as they do here, are no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        proxy = self.server
        status, body = self._forward()
        if self.path.startswith("/v1/structures"):
            time.sleep(proxy.delay)
            proxy.pages.append(self.path)
            proxy.times.append(time.monotonic())
            fault = proxy.faults.get(len(proxy.pages))
            if fault is not None:
                fault(self, body)
                return
        if status == 200:
            body = json.dumps(proxy.edit(self.path, json.loads(body))).encode()
        self.answer(status, body)

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def _forward(self):
        # Under the proxy's own name, so that links to the next page lead back to it.
        request = Request(self.server.upstream + self.path, headers={"Host": self.headers["Host"]})
        try:
            with urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            return error.code, error.read()

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def _proxy():
    proxy = Proxy()
    thread = threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield proxy
    proxy.shutdown()
    proxy.server_close()


@pytest.fixture
def proxy(_proxy, servers):
    """The proxy before the reference server, well-behaved until told otherwise."""
    _proxy.reset(servers["server"])
    return _proxy


@pytest.fixture
def fetch(proxy, tmp_path):
    """Fetch the gap through the proxy into a folder of the test, with short waits."""

    def fetch(property_name="_exmpl_band_gap", *, fresh=False, folder="pages", **changes):
        manners = {"backoff": 0.01, "page_limit": PAGE_LIMIT, "timeout": 20.0, "attempts": 4}
        manners |= {key: changes.pop(key) for key in [*changes] if hasattr(Manners, key)}
        query = {"provider": proxy.url, "property_name": property_name, **changes}
        return fetch_optimade(
            OptimadeQuery(**query),
            folder=tmp_path / folder,
            fresh=fresh,
            manners=Manners(**manners),
        )

    return fetch

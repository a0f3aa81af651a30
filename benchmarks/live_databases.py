"""Time, memory and disk of reading a large database through OPTIMADE, from this machine.

    python benchmarks/live_databases.py [ENTRIES] [ENTRIES_A_PAGE]

The server is a plain one that makes up its entries, so that what is measured is the client.
Prints one Markdown table.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import combinations
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import _kit

from forescale.catalog.live import Manners, OptimadeQuery, fetch_optimade

ELEMENTS = [
    *("Li", "Na", "K", "Rb", "Cs", "Mg", "Ca", "Sr", "Ba", "Al", "Ga", "In", "Si"),
    *("Ge", "Sn", "N", "P", "As", "O", "S", "Se", "Te", "F", "Cl", "Br", "I"),
]
PAIRS = list(combinations(ELEMENTS, 2))
INFO: dict[str, object] = {
    "data": {"attributes": {"api_version": "1.2.0"}},
    "meta": {"provider": {"name": "Big"}},
}
PROPERTIES: dict[str, object] = {
    "data": {"properties": {"_big_band_gap": {"type": "float", "unit": "eV"}}}
}


def entry(number: int) -> dict[str, object]:
    first, second = PAIRS[number % len(PAIRS)]
    attributes = {
        "chemical_formula_reduced": f"{first}{number // 13 % 97 + 1}{second}{number % 5 + 1}",
        "_big_band_gap": number % 997 / 100,
        "last_modified": "2024-01-01T00:00:00Z",
    }
    return {"id": f"big-{number}", "type": "structures", "attributes": attributes}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    entries = page = 0

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body: dict[str, object] = INFO if parts.path == "/v1/info" else PROPERTIES
        if parts.path == "/v1/structures":
            start = int(parse_qs(parts.query).get("page_offset", ["0"])[0])
            end = min(start + self.page, self.entries)
            following = f"{parts.path}?page_offset={end}" if end < self.entries else None
            body = {
                "data": [entry(number) for number in range(start, end)],
                "meta": {
                    "data_returned": self.entries,
                    "more_data_available": following is not None,
                },
                "links": {"next": following},
            }
        sent = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *arguments: object) -> None:
        pass


def serve(ports: multiprocessing.Queue[int], entries: int, page: int) -> None:
    Handler.entries, Handler.page = entries, page
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ports.put(server.server_port)
    server.serve_forever()


def main(argv: Sequence[str] | None = None) -> None:
    """Print one table."""
    parser = _kit.parser(__doc__)
    parser.add_argument("entries", type=int, nargs="?", default=500_000)
    parser.add_argument("page", type=int, nargs="?", default=500, help="entries a page")
    told = _kit.parse(parser, argv, smoke={"entries": 100, "page": 50})
    entries, page = told.entries, told.page
    ports: multiprocessing.Queue[int] = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(ports, entries, page), daemon=True)
    server.start()
    query = OptimadeQuery(f"http://127.0.0.1:{ports.get()}", "_big_band_gap")
    table = _kit.Table(
        "", "entries", "compositions", "seconds", "of processor", "peak GB", "MB on disk"
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "pages"
        for what in ("read", "used again"):
            start, processor = time.monotonic(), time.process_time()
            fetched = fetch_optimade(
                query, folder=folder, manners=Manners(page_limit=page), show_progress=False
            )
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
            disk = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
            table.row(
                what, f"{fetched.entries:,}", f"{len(fetched.table):,}",
                f"{time.monotonic() - start:.0f}", f"{time.process_time() - processor:.0f}",
                f"{peak:.2f}", f"{disk:.0f}",
            )  # fmt: skip
    server.terminate()


if __name__ == "__main__":
    main()

"""Servers that are slow, busy, broken, wrong or ill-meant: waited for, or refused by name."""

import gzip
import json
import socket
import struct
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from forescale.catalog.live import Manners
from forescale.catalog.live.http import Client
from forescale.catalog.live.info import read_database
from forescale.errors import ConfigError, DataError, ForescaleError, IntegrityError


def status(code, **headers):
    """Answer with an error and the reference server's form of a reason."""
    body = json.dumps({"errors": [{"title": "No", "detail": "not \x1b[31mnow"}]}).encode()
    return lambda handler, _: handler.answer(code, body, **headers)


def truncated(handler, body):
    """Announce the whole page and hang up in the middle."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


def cut(handler, body):
    """A page that ends too early, in a whole answer."""
    handler.answer(200, body[: len(body) // 2])


def reset(handler, _):
    linger = struct.pack("ii", 1, 0)  # close with RST
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()
    handler.close_connection = True


def slow(handler, body):
    time.sleep(2.0)
    handler.answer(200, body)


PASSING = {
    "busy": status(429, Retry_After=0),
    "error": status(500),
    "unavailable": status(503),
    "truncated": truncated,
    "cut": cut,
    "html": lambda handler, _: handler.answer(200, b"<html>maintenance</html>"),
    "reset": reset,
    "slow": slow,
    "list": lambda handler, _: handler.answer(200, b"[1, 2]"),
    "deep": lambda handler, _: handler.answer(200, b"[" * 200_000),
}


@pytest.fixture(scope="module")
def expected(servers, tmp_path_factory):
    """The table without any fault."""
    from forescale.catalog.live import OptimadeQuery, fetch_optimade

    folder = tmp_path_factory.mktemp("plain") / "pages"
    return fetch_optimade(OptimadeQuery(servers["server"], "_exmpl_band_gap"), folder=folder).table


@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_fault_leaves_no_trace(fetch, proxy, expected, fault, capsys):
    proxy.faults = {3: PASSING[fault]}
    if fault != "slow":
        proxy.faults[4] = PASSING[fault]
    fetched = fetch(timeout=1.0 if fault == "slow" else 20.0, attempts=8)
    assert fetched.table.frame.equals(expected.frame)
    assert capsys.readouterr().err.count("again in") >= len(proxy.faults)


def test_the_server_says_how_long_to_wait(fetch, proxy):
    def until(handler, body):
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
        status(503, Retry_After=date)(handler, body)

    proxy.faults = {2: status(429, Retry_After=1), 4: until}
    fetch()
    assert proxy.times[2] - proxy.times[1] >= 1.0
    assert proxy.times[4] - proxy.times[3] >= 0.9  # dates have whole seconds


def test_a_server_that_wants_hours_is_left_in_peace(fetch, proxy):
    proxy.faults = {3: status(429, Retry_After=7200)}
    with pytest.raises(ForescaleError, match="asked to wait 7200 s") as caught:
        fetch()
    assert "20 entries on 2 pages are kept" in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_request_delay_is_kept(fetch, proxy):
    def polite(path, body):
        body["meta"]["request_delay"] = 0.5
        return body

    proxy.edit = polite
    fetch(limit=15)
    assert proxy.times[1] - proxy.times[0] >= 0.5


def test_a_fault_that_stays_ends_with_what_was_read(fetch, proxy, expected):
    proxy.faults = dict.fromkeys(range(4, 8), status(502))
    with pytest.raises(ForescaleError, match=r"status 502: not \[31mnow \(attempt 4\)") as caught:
        fetch()
    assert "30 entries on 3 pages are kept" in str(caught.value)
    proxy.faults = {}
    assert fetch().table.frame.equals(expected.frame)


def edited(change, path="/v1/structures"):
    """Change the third page, or the answer at another path."""

    def edit(at, body):
        third = path == "/v1/structures" and "page_offset=20" in at
        if third or (path != "/v1/structures" and at == path):
            change(body)
        return body

    return edit


WRONG = {
    "data": (lambda b: b.update(data={"a": 1}), "got .* as data, expected a list of structures"),
    "meta": (lambda b: b.pop("meta"), "got nothing as meta"),
    "id": (lambda b: b["data"][1].pop("id"), r"got nothing as data\[1\]\.id"),
    "type": (lambda b: b["data"][1].update(type="files"), r"'files' \(str\) as data\[1\]\.type"),
    "attributes": (lambda b: b["data"][0].update(attributes=[]), r"data\[0\]\.attributes"),
    "no value": (
        lambda b: [row["attributes"].pop("_exmpl_band_gap") for row in b["data"]],
        "no structure has '_exmpl_band_gap', which was asked for",
    ),
    "count": (lambda b: b["meta"].update(data_returned="many"), "meta.data_returned"),
    "errors": (lambda b: b.update(errors=[{"detail": "half"}]), "got errors with status 200"),
    "next": (lambda b: b["links"].update(next=5), "as links.next, expected an address"),
    "no next": (lambda b: b["links"].update(next=None), "more data but has no link"),
    "stops": (
        lambda b: (b["links"].clear(), b["meta"].update(more_data_available=False)),
        "says that 44 entries match and stops after 30; with --max 30",
    ),
    "other host": (
        lambda b: b["links"].update(next="http://example.org/v1/structures?page_offset=30"),
        "leads to http://example.org.*: refused",
    ),
    "other port": (
        lambda b: b["links"].update(next="http://127.0.0.1:80/v1/structures"),
        "leads to port 80, expected",
    ),
    "file": (lambda b: b["links"].update(next="file:///etc/passwd"), "got address 'file:///etc"),
    "itself": (
        lambda b: b["links"].update(next=b["links"]["next"].replace("=30", "=20")),
        "gives itself as the next page",
    ),
    "circle": (
        lambda b: b["links"].update(next=b["links"]["next"].replace("=30", "=10")),
        "again, in a circle",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_page_that_is_not_as_specified_is_named(fetch, proxy, wrong):
    change, words = WRONG[wrong]
    proxy.edit = edited(change)
    with pytest.raises(ForescaleError, match=words):
        fetch()
    proxy.edit = lambda path, body: body
    assert fetch().entries == 44  # what was wrong is not on disk


@pytest.mark.parametrize(
    ("path", "change", "words"),
    [
        ("/v1/info", lambda b: b.pop("data"), "no OPTIMADE server, or a broken one"),
        ("/v1/info", lambda b: b["data"]["attributes"].update(api_version="0.9"), "version '0.9'"),
        ("/v1/info", lambda b: b["data"]["attributes"].update(is_index=True), "is an index"),
        ("/v1/info/structures", lambda b: b["data"].update(properties=[]), "as 'properties'"),
        (
            "/v1/info/structures",
            lambda b: b["data"]["properties"]["_exmpl_band_gap"].update(unit="furlong/cheese"),
            "states a unit for _exmpl_band_gap that cannot be read",
        ),
    ],
)
def test_a_server_that_describes_itself_wrongly(fetch, proxy, path, change, words):
    proxy.edit = edited(change, path)
    with pytest.raises(ForescaleError, match=words):
        fetch()


def test_property_definitions_of_later_versions_are_read(fetch, proxy):
    def later(body):
        properties = body["data"]["properties"]
        properties["_exmpl_band_gap"] = {
            "type": ["number", "null"], "x-optimade-type": "float", "x-optimade-unit": "meV",
        }  # fmt: skip

    proxy.edit = edited(later, "/v1/info/structures")
    assert fetch(unit="eV").table.values.max() == pytest.approx(0.0033)


def test_an_address_without_optimade_is_told(raw_server):
    head = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"
    url = raw_server(lambda connection: connection.sendall(head))
    with pytest.raises(ForescaleError, match="status 404; expected an OPTIMADE server"):
        read_database(Client(f"{url}/v1", Manners(attempts=1), print))


def test_the_unit_of_a_value_in_a_dictionary(fetch, proxy):
    def nested(body):
        above = {"type": ["number", "null"], "x-optimade-type": "float", "x-optimade-unit": "eV"}
        body["data"]["properties"]["_exmpl_hull"] = {
            "type": ["object", "null"],
            "x-optimade-type": "dictionary",
            "x-optimade-unit": "inapplicable",
            "properties": {"pbe": {"type": "object", "properties": {"above": above}}},
        }

    proxy.edit = edited(nested, "/v1/info/structures")
    assert fetch("_exmpl_hull.pbe.above").table.unit == "eV"


def test_an_error_of_the_request_is_not_repeated(fetch, proxy):
    with pytest.raises(ConfigError, match=r"(?s)refuses the query.*status 400"):
        fetch(filter="_exmpl_no_such_thing.deep>1 AND nosuchfield=1")
    assert len(proxy.pages) == 1


def test_values_that_are_no_numbers_are_set_aside(fetch, proxy):
    given = ["0.5", True, [1.0], {"a": 1}, 10**400, float("nan"), float("inf")]

    def change(body):
        for row, value in zip(body["data"], given, strict=False):
            row["attributes"]["_exmpl_band_gap"] = value
        body["data"][7]["attributes"]["chemical_formula_reduced"] = "Xx2"
        body["data"][8]["attributes"]["chemical_formula_reduced"] = None

    proxy.edit = edited(change)
    rejected = fetch().table.rejected
    assert rejected["row"].tolist() == list(range(21, 30))
    assert rejected["value"].tolist()[:4] == [
        "0.5 (str)",
        "True (bool)",
        "[1.0] (list)",
        "{'a': 1} (dict)",
    ]
    assert rejected["reason"].str.contains("expected a finite number").sum() == 7
    assert "Xx" in rejected["reason"].iloc[7]


def test_a_server_that_counts_pages_in_place_of_matches(fetch, proxy):
    def counted(path, body):
        if path.startswith("/v1/structures"):
            body["meta"]["data_returned"] = len(body["data"])
        return body

    proxy.edit = counted
    assert fetch().entries == 44


def test_ids_that_are_numbers_are_taken(fetch, proxy):
    def numbered(path, body):
        for row in body["data"] if path.startswith("/v1/structures") else []:
            row["id"] = int(row["id"][2:])
        return body

    proxy.edit = numbered
    assert fetch().table.frame["structure_id"].iloc[0] == "1000"


def test_an_id_that_comes_twice_counts_once(fetch, proxy):
    def repeat(body):
        body["data"][0] = kept[0]

    kept = []

    def edit(path, body):
        if "page_offset=10" in path:
            kept.append(body["data"][-1])
        return edited(repeat)(path, body)

    proxy.edit = edit
    table = fetch().table
    assert table.frame["repeats"].sum() == 41
    assert table.rejected["reason"].tolist() == ["structure 's-1019' came before, the same"]


def test_an_id_that_comes_with_two_contents_is_refused(fetch, proxy):
    proxy.edit = edited(lambda body: body["data"][0].update(id="s-1003"))
    with pytest.raises(
        IntegrityError, match=r"s-1003: came more than once, as GaAs 0\.3 and GaN 2\.0"
    ):
        fetch()


def test_an_unpaged_answer_of_one_unit_out_of_many_is_refused(fetch, proxy):
    def milli(path, body):
        for row in body["data"] if path.startswith("/v1/structures") else []:
            value = row["attributes"]["_exmpl_band_gap"]
            row["attributes"]["_exmpl_band_gap"] = None if value is None else 1000 * value
        return body

    proxy.edit = milli
    with pytest.raises(DataError, match="values but 0 of _exmpl_band_gap"):
        fetch()
    assert fetch(assumed_unit="meV", unit="eV").table.values.max() < 5


@pytest.fixture
def raw_server():
    """Serve bytes from a socket: ``raw_server(function of a connection)`` gives an address."""
    sockets = []

    def start(handle):
        listener = socket.create_server(("127.0.0.1", 0))
        sockets.append(listener)

        def loop():
            while True:
                try:
                    connection, _ = listener.accept()
                    connection.recv(65536)
                    handle(connection)
                    connection.close()
                except OSError:
                    return

        threading.Thread(target=loop, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in sockets:
        listener.close()


def test_a_drip_does_not_outlast_the_deadline(raw_server):
    def drip(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            connection.sendall(b" ")
            time.sleep(0.05)

    url = raw_server(drip)
    start = time.monotonic()
    with pytest.raises(ForescaleError, match=r"no whole page in 0\.5 s"):
        Client(url, Manners(attempts=1, deadline=0.5, timeout=1), print).get(url)
    assert time.monotonic() - start < 3


def test_a_flood_is_cut_even_when_compressed(raw_server):
    packed = gzip.compress(b'{"a": "' + b" " * 20_000_000 + b'"}')
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    url = raw_server(lambda connection: connection.sendall(head.encode() + packed))
    with pytest.raises(ForescaleError, match="got more than 1 MiB"):
        Client(url, Manners(page_bytes=1 << 20), print).get(url)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("http://example.org/", "leads to http://example.org/.*refused"),
        ("file:///etc/passwd", "got address"),
        ("ftp://127.0.0.1/", "got address"),
        ("/again", "more than 5 redirects"),
    ],
)
def test_redirects_stay_on_the_host(raw_server, target, words):
    head = f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"
    url = raw_server(lambda connection: connection.sendall(head.encode()))
    with pytest.raises(ForescaleError, match=words):
        Client(url, Manners(attempts=1), print).get(url)


def test_https_is_never_left(raw_server):
    client = Client("https://example.org/v1", Manners(), print)
    for link in ("http://example.org/v1/next", "/v1/next", "https://example.org:443/v1/next"):
        assert client.same_host(link, "https://example.org/v1/x") == "https://example.org/v1/next"
    with pytest.raises(ForescaleError, match="refused"):
        client.same_host("https://example.org.evil.net/v1", "https://example.org/v1/x")

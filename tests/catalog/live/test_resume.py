"""A stopped download goes on to the same table; a changed database is noticed."""

import json
import signal
import subprocess
import sys
import time
from _thread import interrupt_main

import pytest

from forescale.errors import ConfigError, ForescaleError, IntegrityError, RunFolderError
from forescale.tables import PropertyTable

COMMAND = [sys.executable, "-c", "from forescale.cli.main import main; main()"]


def stop_after(fetch, proxy, pages):
    """Lose the network after some pages."""
    proxy.faults = dict.fromkeys(range(pages + 1, 100), lambda handler, _: handler.answer(502, b""))
    with pytest.raises(ForescaleError, match=f"on {pages} pages are kept"):
        fetch(attempts=1)
    proxy.faults = {}
    proxy.pages.clear()


@pytest.mark.processes
def test_a_killed_download_goes_on_to_the_same_table(
    fetch, proxy, forescale, tmp_path, monkeypatch
):
    proxy.delay = 0.1
    monkeypatch.setenv("FORESCALE_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "gaps.parquet"
    command = ["data", "optimade", proxy.url, "--property", "_exmpl_band_gap", "--out", str(out)]
    command += ["--page-limit", "4"]  # eleven pages
    client = subprocess.Popen([*COMMAND, *command])
    pages = wait_for_pages(tmp_path / "cache", 3)
    client.kill()
    assert client.wait(timeout=20) == -signal.SIGKILL
    assert not out.exists()
    kept = {page: page.read_bytes() for page in pages}
    assert not list(tmp_path.rglob("complete.json"))

    proxy.delay = 0.0
    code, _, err = forescale(*command)
    assert code == 0
    assert "continuing after" in err
    assert {page: page.read_bytes() for page in pages} == kept
    table, uninterrupted = PropertyTable.from_parquet(out), fetch().table
    assert table.frame.equals(uninterrupted.frame)
    assert table.provenance[0].sha256 == uninterrupted.provenance[0].sha256


def test_ctrl_c_keeps_what_was_read(fetch, proxy, forescale, tmp_path, monkeypatch):
    monkeypatch.setenv("FORESCALE_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "gaps.parquet"
    command = ["data", "optimade", proxy.url, "--property", "_exmpl_band_gap", "--out", out]
    command += ["--page-limit", "10"]
    proxy.faults = {3: lambda handler, body: (interrupt_main(), handler.answer(200, body))}
    code, _, err = forescale(*command)
    assert code == 1
    assert "the same command continues there" in err
    assert len(list(tmp_path.rglob("page-*.json"))) == 2
    assert forescale(*command)[0] == 0
    assert PropertyTable.from_parquet(out).frame.equals(fetch().table.frame)


def wait_for_pages(cache, count):
    for _ in range(2400):
        pages = sorted(cache.rglob("page-*.json"))
        if len(pages) >= count:
            return pages
        time.sleep(0.05)
    raise AssertionError("the client wrote no pages")


def test_only_what_is_missing_is_asked_for(fetch, proxy):
    whole = fetch(folder="whole").table
    proxy.pages.clear()
    stop_after(fetch, proxy, 3)
    assert fetch().table.frame.equals(whole.frame)
    offsets = [path.partition("page_offset=")[2] or "0" for path in proxy.pages]
    # The first and the last page on disk are compared, and the first again at the end.
    assert offsets == ["0", "20", "30", "40", "0"]


@pytest.mark.parametrize("damage", ["half", "changed", "gone"])
def test_a_damaged_page_is_read_again(fetch, proxy, tmp_path, damage):
    whole = fetch().table
    page = tmp_path / "pages" / "page-000003.json"
    entries, text = json.loads(page.read_text())["entries"], page.read_text()
    if damage == "gone":
        page.unlink()
    else:
        page.write_text(text[:200] if damage == "half" else text.replace("2.3", "2.9"))
    assert fetch().table.frame.equals(whole.frame)
    assert json.loads(page.read_text())["entries"] == entries


def with_change(change, path):
    def edit(at, body):
        if at.startswith(path):
            change(body)
        return body

    return edit


def set_unit(body):
    body["data"]["properties"]["_exmpl_band_gap"]["unit"] = "meV"


def set_description(body):
    body["data"]["properties"]["_exmpl_band_gap"]["description"] = "HSE gap"


def set_value(body):
    body["data"][2]["attributes"]["_exmpl_band_gap"] = 0.25


def set_available(body):
    body["meta"]["data_available"] = 45


def set_modified(body):
    body["data"][0]["attributes"]["last_modified"] = "2999-01-01T00:00:00Z"


def set_software(body):
    body["meta"]["implementation"]["version"] = "77"


CHANGES = {
    "unit": (set_unit, "/v1/info/structures", "unit of _exmpl_band_gap: 'eV' → 'meV'"),
    "description": (set_description, "/v1/info/structures", "'A made-up gap.' → 'HSE gap'"),
    "software": (set_software, "/v1/info", r"server software: .*1\.\d.* → .*77"),
    "value": (set_value, "/v1/structures", r"value of entry s-1002: 0\.2 → 0\.25"),
    "available": (set_available, "/v1/structures", r"\(data_available\): 44 → 45"),
    "modified": (set_modified, "/v1/structures", "last_modified of entry s-1000: .* → '2999"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_between_runs_is_named_and_nothing_lost(fetch, proxy, tmp_path, name):
    change, path, words = CHANGES[name]
    stop_after(fetch, proxy, 2)
    kept = {file.name: file.read_bytes() for file in (tmp_path / "pages").iterdir()}
    proxy.edit = with_change(change, path)
    with pytest.raises(IntegrityError, match=words) as caught:
        fetch()
    assert "20 entries on 2 pages are kept" in str(caught.value)
    assert {file.name: file.read_bytes() for file in (tmp_path / "pages").iterdir()} == kept
    assert fetch(fresh=True).entries == 44
    (aside,) = tmp_path.glob("pages.*.1")
    assert {file.name: file.read_bytes() for file in aside.iterdir()} == kept


def test_a_database_that_grew_between_runs_is_noticed(fetch, proxy, servers, capsys):
    stop_after(fetch, proxy, 2)
    proxy.upstream = servers["grown"]  # one more structure, before all others
    with pytest.raises(IntegrityError, match=r"data_returned.*: 44 → 45; .*data_available"):
        fetch()
    assert fetch(fresh=True).entries == 45
    assert "the earlier pages are kept in" in capsys.readouterr().err


def test_a_database_that_grows_between_pages_is_noticed(fetch, proxy, servers):
    def grow(handler, body):
        proxy.upstream = servers["grown"]
        handler.answer(200, body)

    proxy.faults = {2: grow}
    with pytest.raises(IntegrityError, match=r"44 → 45 \(page 3\)"):
        fetch()


def test_a_silent_change_behind_the_reader_is_noticed_at_the_end(fetch, proxy):
    def edit(path, body):
        if path.startswith("/v1/structures") and len(proxy.pages) == 6:
            set_value(body)
        return body

    proxy.edit = edit
    with pytest.raises(IntegrityError, match="page 1, read again: value of entry s-1002"):
        fetch()


def test_an_entry_modified_while_reading_is_noticed(fetch, proxy):
    def edit(path, body):
        if "page_offset=30" in path:
            set_modified(body)
        return body

    proxy.edit = edit
    with pytest.raises(IntegrityError, match=r"entry s-1030: modified 2999.*\(page 4\)"):
        fetch()


def test_a_server_that_stamps_everything_with_now_is_let_be(fetch, proxy):
    def edit(path, body):
        for row in body["data"] if path.startswith("/v1/structures") else []:
            row["attributes"]["last_modified"] = "2999-01-01T00:00:00Z"
        return body

    proxy.edit = edit
    assert fetch().entries == 44


def test_a_fresh_download_says_what_the_server_says_otherwise(fetch, proxy, capsys):
    fetch()
    proxy.edit = with_change(set_unit, "/v1/info/structures")
    fetch(fresh=True)
    assert "unit of _exmpl_band_gap: 'eV' → 'meV'" in capsys.readouterr().err


def test_a_folder_belongs_to_one_question(fetch):
    fetch(limit=5)
    with pytest.raises(ConfigError, match="got filter 'nelements=2', expected ''"):
        fetch(filter="nelements=2")


def test_a_damaged_header_asks_for_a_fresh_start(fetch, tmp_path):
    fetch(limit=5)
    (tmp_path / "pages" / "download.json").write_text("{")
    with pytest.raises(RunFolderError, match="--fresh"):
        fetch(limit=5)
    assert fetch(limit=5, fresh=True).entries == 5


def test_two_downloads_do_not_write_to_one_folder(fetch, tmp_path):
    from forescale.catalog.live.pages import PageStore

    with (
        PageStore(tmp_path / "pages").locked(),
        pytest.raises(RunFolderError, match="another download is writing here"),
    ):
        fetch()


def test_pages_are_plain_json_and_small(fetch, tmp_path):
    fetch(limit=5)
    page = json.loads((tmp_path / "pages" / "page-000001.json").read_text())
    assert set(page["entries"][0]) == {"id", "formula", "value", "last_modified"}

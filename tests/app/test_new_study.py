"""A new study from two dropped tables: shown before anything runs, saved, and begun."""

import json
import re
import tomllib
from contextlib import closing
from html import unescape

import pytest
from app_server import AppServer, kill_session

from forescale.drafts import draft_study


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def client(folder):
    with AppServer(folder) as server, closing(server.client()) as client:
        yield client


@pytest.fixture(scope="module")
def tables(tmp_path_factory, write_study):
    """Two tables as people have them: three bad rows, and one value that can hardly be."""
    place = tmp_path_factory.mktemp("tables")
    write_study(place)
    with (place / "computed.csv").open("a") as stream:
        stream.write("XX,1\nCCO,abc\nCCCCCC,99999\n")
    return place / "computed.csv", place / "measured.csv"


def upload(client, computed, measured):
    files = {
        side: (name, path.read_bytes())
        for side, (name, path) in {"computed": computed, "measured": measured}.items()
    }
    return client.post("/new/upload", files=files)


@pytest.fixture(scope="module")
def address(client, tables):
    """Where the preview of both tables is."""
    named = [(path.name, path) for path in tables]
    answer = upload(client, *named)
    assert answer.status_code == 204, answer.text
    return answer.headers["hx-redirect"]


def test_the_preview_says_what_init_says(client, address, tables):
    page = unescape(client.get(address).text)
    draft = draft_study(*tables)
    for side in (draft.computed, draft.measured):
        assert f'value="{side.guess.unit}"' in page
        assert f'<option value="{side.guess.value}" selected>' in page
        for why in side.table.rejected["reason"]:
            assert why in page
        for doubt in side.doubts:
            assert doubt.reason in page
    assert f"{draft.shared} of the {len(draft.measured.table)} measured materials" in page
    assert "About " in page
    assert "GiB" in page
    figure = json.loads(re.search(r'id="computed-agreement" hidden>([^<]+)<', page)[1])
    assert len(figure["data"][-1]["x"]) == draft.shared
    text = re.search(r'<pre id="toml"[^>]*>([^<]+)</pre>', page)[1]
    assert tomllib.loads(text)["target"]["unit"] == draft.measured.guess.unit


def test_what_is_said_is_taken(client, address):
    told = {
        "measured.unit": "K",
        "measured.unit.guessed": "degC",
        "replicates": "3",
        "sample": "99",
    }
    page = unescape(client.post(address.replace("/new?", "/new/preview?"), data=told).text)
    study = tomllib.loads(re.search(r'<pre id="toml"[^>]*>([^<]+)</pre>', page)[1])
    assert study["target"]["unit"] == "K"
    assert (study["replicates"], study["source"][0]["sample"]) == (3, 99)
    told["replicates"] = "many"
    answer = client.post(address.replace("/new?", "/new/preview?"), data=told)
    assert answer.status_code == 400
    assert "many" in answer.text


def test_a_study_is_saved_and_begun(client, address, folder, tables):
    told = {"name": "../../My study", "replicates": "2"}
    answer = client.post(address.replace("/new?", "/new/start?"), data=told)
    assert answer.status_code == 204, answer.text
    job = json.loads((folder / "runs" / "My-study" / ".job.json").read_text())
    try:
        saved = folder / "studies" / "My-study"
        study = tomllib.loads((saved / "study.toml").read_text())
        assert study["source"][0]["file"] == "computed.csv"
        assert (saved / "measured.csv").read_bytes() == tables[1].read_bytes()
        assert job["arguments"][-2:] == ["--on-error", "skip"]
        page = client.get(answer.headers["hx-redirect"]).text
        assert "Tables are read" in page or "replicates" in page
    finally:
        kill_session(job["process"])


def toml_of(page):
    return tomllib.loads(re.search(r'<pre id="toml"[^>]*>([^<]+)</pre>', unescape(page))[1])


def test_further_computed_tables_are_sources_of_their_own(client, tables):
    computed, measured = (path.read_bytes() for path in tables)
    files = [("computed", ("a.csv", computed))] * 2 + [("measured", ("a.csv", measured))]
    answer = client.post("/new/upload", files=files)
    address = answer.headers["hx-redirect"]
    page = client.get(address).text
    study = toml_of(page)
    assert [one["file"] for one in study["source"]] == ["a.csv", "computed-2-a.csv"]
    assert len({one["name"] for one in study["source"]}) == 2
    assert study["target"]["file"] == "measured-a.csv"
    assert 'id="computed-2-agreement"' in page
    less = client.post(address.replace("/new?", "/new/less?") + "&side=computed-2")
    assert len(toml_of(less.text)["source"]) == 1
    told = {"measured.unit": "K", "measured.unit.guessed": "degC"}
    more = client.post(
        address.replace("/new?", "/new/more/upload?"),
        data=told,
        files={"more": ("b.csv", computed)},
    )
    study = toml_of(more.text)
    assert [one["file"] for one in study["source"]] == ["a.csv", "b.csv"]
    assert study["target"]["unit"] == "K"  # what was said is not forgotten


@pytest.fixture
def fresh(client, tables):
    """Where the preview of a draft of its own is."""
    return upload(client, *((path.name, path) for path in tables)).headers["hx-redirect"]


def test_the_side_of_a_study_cannot_be_left_out(client, fresh):
    for side in ("computed", "measured", "../x"):
        answer = client.post(fresh.replace("/new?", "/new/less?") + f"&side={side}")
        assert len(toml_of(answer.text)["source"]) == 1


def test_a_further_table_that_is_none_is_not_kept(client, fresh):
    more = fresh.replace("/new?", "/new/more/upload?")
    for name, content in (("c.csv", b"smiles\n"), ("c.xlsx", b"PK\x03\x04"), ("c.py", b"1")):
        answer = client.post(more, files={"more": (name, content)})
        assert answer.status_code == 400, answer.text
        assert len(toml_of(client.get(fresh).text)["source"]) == 1
    for name in ("../../etc/passwd", "no-such-dataset/x"):
        assert client.post(more, data={"more_dataset": name}).status_code == 400


def test_the_estimate_comes_of_a_small_part_that_is_done(client, fresh):
    asked = {"replicates": "10"}
    first = client.post(fresh.replace("/new?", "/new/preview?"), data=asked).text
    assert "A rule of thumb" in first
    told = client.post(fresh.replace("/new?", "/new/estimate?"), data=asked).text
    assert re.search(r"One replicate with \d+ computed values took .+ just now", told)
    after = client.post(fresh.replace("/new?", "/new/preview?"), data=asked).text
    assert "just now" in after
    assert "/new/estimate" not in after


@pytest.mark.parametrize("name", ["study.py", "table.csv.exe", "..", "model.pkl", "x"])
def test_what_is_no_table_is_refused(client, tables, name):
    answer = upload(client, (name, tables[0]), ("measured.csv", tables[1]))
    assert answer.status_code == 400
    assert "expected a table" in answer.text


def test_a_hostile_name_stays_in_the_folder(client, tables, folder):
    answer = upload(client, ("../../../<b>evil.csv", tables[0]), ("measured.csv", tables[1]))
    page = client.get(answer.headers["hx-redirect"]).text
    assert "<b>evil" not in page
    assert not list(folder.parent.glob("*evil*"))
    assert len(list((folder / ".forescale-drafts").glob("*/computed/*evil*.csv"))) == 1


def test_a_missing_table_is_asked_for(client, tables):
    answer = client.post("/new/upload", files={"computed": ("a.csv", tables[0].read_bytes())})
    assert answer.status_code == 400
    assert "measured table is missing" in answer.text


def test_a_draft_of_another_name_is_not_there(client):
    for draft in ("../../etc", "nothing-here", "x" * 41):
        assert client.get("/new", params={"draft": draft}).status_code in (404, 422)


@pytest.mark.slow
def test_datasets_of_the_catalog_are_named_in_the_study_file(client):
    told = {
        "computed_dataset": "xtb-refractive-index/refractive_index",
        "measured_dataset": "refractive-index-measured/refractive_index",
    }
    page = client.get("/new").text
    assert all(address in page for address in told.values())
    answer = client.post("/new/upload", data=told)
    assert answer.status_code == 204, answer.text
    page = unescape(client.get(answer.headers["hx-redirect"]).text)
    study = tomllib.loads(re.search(r'<pre id="toml"[^>]*>([^<]+)</pre>', page)[1])
    assert study["source"] == [{"dataset": "xtb-refractive-index", "property": "refractive_index"}]
    assert study["target"]["dataset"] == "refractive-index-measured"

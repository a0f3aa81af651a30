"""Campaigns and loops in the app: what they came to, why some failed, and going on."""

import json
import re
from contextlib import closing
from html import unescape

import pandas as pd
import pytest
from app_server import kill_session, wait_for
from chromium import Browser

from forescale.growth import Loop
from forescale.growth.standing import loop_standing
from forescale.simulation import Campaign, run_campaign
from forescale.tables import ColumnMap, Provenance, build_table

CAMPAIGN = """
name = "replayed <i>"
[[materials]]
file = "pool.csv"
[engine]
name = "{engine}"
protocol = {{ table = "computed.parquet" }}
"""
LOOP = """
name = "small"
first = 12
batch = 8
[target]
file = "measured.csv"
kind = "molecule"
material = "smiles"
value = "y"
unit = "K"
[[arm]]
name = "replayed"
engine = { name = "replay", protocol = { table = "computed.parquet" } }
pool = [{ file = "known.csv" }]
cost = 1.0
[budget]
total = 36
[descriptor]
name = "morgan"
[judged]
n_target = [6, 12]
replicates = 3
overlap = "allow"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A campaign that was stopped after five values, one of an author's own code, and a loop."""
    folder = tmp_path_factory.mktemp("site")
    known = [f"{'C' * n}{end}" for n in range(1, 9) for end in ("", "O", "N", "Cl", "F", "S")]
    table = build_table(
        pd.DataFrame({"smiles": known, "y": [float(len(s)) for s in known]}),
        ColumnMap("smiles", "y"),
        name="y",
        unit="K",
        kind="computed",
        material_kind="molecule",
        provenance=Provenance(dataset="made up"),
    )
    table.to_parquet(folder / "computed.parquet")
    lists = {"pool": ["c1ccccc1", *known], "known": known}
    for name, smiles in lists.items():
        pd.DataFrame({"smiles": smiles}).to_csv(folder / f"{name}.csv", index=False)
    measured = pd.DataFrame({"smiles": known[::2], "y": [1.1 * len(s) for s in known[::2]]})
    measured.to_csv(folder / "measured.csv", index=False)
    (folder / "camp.toml").write_text(CAMPAIGN.format(engine="replay"))
    run_campaign(Campaign.from_toml(folder / "camp.toml"), limit=5)
    (folder / "evil.py").write_text(f"open({str(folder / 'ran')!r}, 'w').close()\n")
    (folder / "evil.toml").write_text(CAMPAIGN.format(engine="evil.py:Engine"))
    results = folder / "evil-results"
    results.mkdir()
    (results / "status.json").write_text('{"name": "evil", "state": "stopped", "total": 3}')
    (folder / "loop.toml").write_text(LOOP)
    Loop.from_toml(folder / "loop.toml").run(rounds=2, show_progress=False)
    return folder


def job_of(place):
    return json.loads((place / ".job.json").read_text())["process"]


def test_nothing_is_cut_off_and_axe_finds_nothing_serious(server):
    with closing(Browser()) as browser:
        browser.enter(server)
        for width, dark in ((1280, False), (400, True)):
            browser.look(width=width, dark=dark)
            for page in ("/campaign?at=camp-results", "/loop?at=loops%2Fsmall"):
                browser.open(page)
                browser.still()
                browser.fits(width)
                assert browser.findings() == []
        assert browser.complaints() == []


def test_a_stopped_campaign_goes_on_to_its_end(client, folder):
    at = {"at": "camp-results"}
    page = client.get("/campaign", params=at).text
    assert "replayed &lt;i&gt;" in page
    assert "of 49 materials" in page
    assert "Go on" in page
    assert client.post("/campaign/go", params=at).status_code == 200
    try:
        wait_for(lambda: "48 of 49 materials" in client.get("/campaign", params=at).text)
        page = unescape(client.get("/campaign", params=at).text)
        assert "'c1ccccc1' is not in" in page
        assert "1.00 to 10.0" in page or "1 to 10" in page.replace(".00", "").replace(".0", "")
    finally:
        kill_session(job_of(folder / "camp-results"))


def test_code_of_an_author_is_not_run(client, folder):
    answer = client.post("/campaign/go", params={"at": "evil-results"})
    assert answer.status_code == 400
    assert "evil.py:Engine" in answer.text
    assert not (folder / "ran").exists()
    assert not (folder / "evil-results" / ".job.json").exists()


def test_a_loop_tells_its_rounds_law_and_decision_and_goes_on(client, folder):
    at = {"at": "loops/small"}
    standing = loop_standing(folder / "loops" / "small")
    assert len(standing.rounds) == 2
    assert standing.unit == "K"
    page = unescape(client.get("/loop", params=at).text)
    assert "2 rounds" in page
    assert standing.following["reason"][1:] in page
    chart = json.loads(re.search(r'id="loop-data" hidden>([^<]+)<', page)[1])
    assert chart["data"][0]["x"] == [12.0, 20.0]
    assert client.post("/loop/go", params=at).status_code == 200
    try:
        wait_for(lambda: "4 rounds" in client.get("/loop", params=at).text)
        page = unescape(client.get("/loop", params=at).text)
        assert "Next: stop" in page
        assert "Go on" not in page
    finally:
        kill_session(job_of(folder / "loops" / "small"))

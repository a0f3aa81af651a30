"""``forescale status``: of a campaign and of a run, during and after."""

import json
from datetime import UTC, datetime

import manifests
import pytest

CAMPAIGN = """
[[materials]]
file = "materials.csv"
[engine]
name = "{engine}"
"""


@pytest.fixture
def campaign(tmp_path):
    (tmp_path / "materials.csv").write_text("smiles\nC\nCC\nCN\n")
    (tmp_path / "engine.py").write_text(
        "from forescale.engines.contract import EngineProtocol, Record\n"
        "from forescale.errors import MaterialError\n"
        "class Picky:\n"
        "    name, version = 'picky', '7'\n"
        "    kinds, units, Settings = frozenset({'molecule'}), {'x': ''}, EngineProtocol\n"
        "    def __init__(self, settings): self.settings = settings\n"
        "    def check(self): pass\n"
        "    def compute(self, job):\n"
        "        if 'N' in job.material: raise MaterialError('no nitrogen here')\n"
        "        return Record({'x': 1.0})\n"
    )
    path = tmp_path / "small.toml"
    path.write_text(CAMPAIGN.format(engine="engine.py:Picky"))
    return path


def test_a_campaign_tells_counts_failures_and_cost(campaign, forescale):
    assert forescale("simulate", campaign)[0] == 0
    results = campaign.parent / "small-results"
    code, out, _ = forescale("status", results, "--json")
    told = json.loads(out)
    assert code == 0
    assert told["state"] == "done"
    assert told["counts"] == {"done": 2, "failed": 0, "unsupported": 1}
    assert told["left"] == 0
    assert told["failures"] == {"no nitrogen here": 1}
    assert told["core_hours"] >= 0
    assert "failed 1×: no nitrogen here" in forescale("status", results)[1]


def test_a_killed_campaign_says_so_and_another_machine_is_told(campaign, forescale):
    assert forescale("simulate", campaign, "--limit", 1)[0] == 0
    results = campaign.parent / "small-results"
    told = json.loads((results / "status.json").read_text())
    told |= {"state": "running", "host": "elsewhere", "process": 12345}
    told["updated"] = datetime.now(UTC).isoformat()
    (results / "status.json").write_text(json.dumps(told))
    code, _, err = forescale("simulate", campaign)
    assert code == 2
    assert "process 12345 on elsewhere" in err
    told["updated"] = "2020-01-01T00:00:00+00:00"
    (results / "status.json").write_text(json.dumps(told))
    assert "no sign of life since 2020" in forescale("status", results)[1]
    assert forescale("simulate", campaign)[0] == 0


def test_a_run_tells_its_replicates(study_file, forescale, tmp_path):
    study_file.write_text(study_file.read_text().replace("[5, 20, 40]", "[5]"))
    assert (
        forescale("run", study_file, "-o", tmp_path / "run", "--no-model", "--workers", 1)[0] == 0
    )
    told = json.loads(forescale("status", tmp_path / "run", "--json")[1])
    assert told["state"] == "done"
    assert told["counts"] == {"done": 4, "lost": 0}


def test_another_folder_is_refused(forescale, tmp_path):
    code, _, err = forescale("status", tmp_path)
    assert code == 2
    assert "neither a run folder" in err


def test_the_runs_of_a_folder_are_listed(forescale, tmp_path):
    for name, parts in (("one", 4), ("two", 1)):
        (tmp_path / name / "errors").mkdir(parents=True)
        manifests.write(tmp_path / name, study={"name": name, "replicates": 4})
        for part in range(parts):
            (tmp_path / name / "errors" / f"part-{part:05d}.parquet").write_bytes(b"")
    code, out, _ = forescale("status", tmp_path)
    first, second = out.splitlines()
    assert code == 0
    assert "one: done, 4 of 4 replicates" in first
    assert "1 of 4 replicates" in second
    code, out, _ = forescale("status", tmp_path, "--json")
    assert [run["name"] for run in json.loads(out)["runs"]] == ["one", "two"]

"""What is received runs nothing of its author's choosing, whichever command reads it."""

import hashlib
import json
import shutil

import pytest

from forescale._machine.plugins import RECEIVED
from forescale.descriptors import get_descriptor
from forescale.engines.registry import ENGINES
from forescale.errors import ConfigError
from forescale.learners import get_learner
from forescale.simulation.generators import GENERATORS
from forescale.study import load_study
from forescale.workflow import load_predictor, run_study

CANARY = """
from pathlib import Path
Path({imported!r}).touch()

class Learner:
    name = "canary"
    def __init__(self, **options): Path({called!r}).touch()
    def prepare(self, data, folder): Path({called!r}).touch()

class Descriptor:
    name, version, material_kinds, columns = "canary", "1", ("molecule",), ()
    def __init__(self): Path({called!r}).touch()
    def rows(self, keys): Path({called!r}).touch()

def generate(**options): Path({called!r}).touch()
"""
STDLIB = ("os:system", "subprocess:call", "builtins:exec", "shutil:rmtree", "runpy:run_path")
OF_ANOTHER_KIND = ("pandas:read_pickle", "numpy:load", "pathlib:Path", "canary:generate")


@pytest.fixture
def touched(tmp_path, monkeypatch):
    """What ran of a module that Python can import: ``imported``, ``called``."""
    marks = {name: tmp_path / name for name in ("imported", "called", "commanded")}
    text = CANARY.format(imported=str(marks["imported"]), called=str(marks["called"]))
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "canary.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path / "modules")
    monkeypatch.delitem(__import__("sys").modules, "canary", raising=False)
    return lambda: {name for name, mark in marks.items() if mark.exists()}


@pytest.fixture(scope="module")
def finished(write_study, tmp_path_factory):
    """Folder of a small study and its run."""
    study = write_study(tmp_path_factory.mktemp("received"), replicates=2)
    run_study(load_study(study), study.parent / "run", show_progress=False)
    return study.parent


@pytest.fixture
def received(finished, tmp_path):
    """A copy of that folder, as if from somebody else."""
    shutil.copytree(finished, tmp_path / "received")
    return tmp_path / "received"


def rewritten(path, change):
    """A JSON file changed by its author, its own hash made anew."""
    content = json.loads(path.read_text())
    change(content)
    if "sha256" in content:
        content.pop("sha256")
        text = json.dumps(content, sort_keys=True)
        content["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(content, indent=2))


@pytest.mark.parametrize("name", [*STDLIB, *OF_ANOTHER_KIND])
def test_what_is_of_no_kind_is_never_called(touched, name):
    for find in (
        lambda: get_learner(name, {"command": "exit 1"}),
        lambda: get_descriptor(name, "molecule"),
        lambda: GENERATORS.find(name),
        lambda: ENGINES.find(name),
    ):
        with pytest.raises(ConfigError, match=r"is no \w+: |standard library"):
            find()
    assert touched() <= {"imported"}


@pytest.mark.parametrize("name", ["os:system", "canary:generate"])
@pytest.mark.parametrize("key", ["learner", "descriptor"])
def test_a_study_that_names_no_learner_or_descriptor_calls_nothing(
    forescale, write_study, touched, tmp_path, name, key
):
    study = write_study(tmp_path / "study")
    old = "lengths = [0.5, 1.0]" if key == "learner" else 'name = "morgan"'
    mark = tmp_path / "commanded"
    options = f'command = "touch {mark}"\nargs = ["touch", "{mark}"]\npath = "{mark}"'
    new = f'name = "{name}"\n{options}' if key == "learner" else f'name = "{name}"'
    study.write_text(study.read_text().replace(old, new).replace("noises = [0.003, 0.1]", ""))
    code, out, err = forescale("run", study, "--out", tmp_path / "run")
    assert (code, out) == (2, "")
    assert f"{key}.name: {name} is " in err
    assert touched() <= {"imported"}
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["os:system", "canary:Learner", "/x/y.py:L"])
def test_a_model_loads_no_code_that_it_names(forescale, received, touched, name, tmp_path):
    model = received / "run" / "model" / "model.json"
    options = {"command": f"touch {tmp_path / 'commanded'}"}
    rewritten(model, lambda c: c.update(learner={"name": name, "options": options}))
    (tmp_path / "new.csv").write_text("smiles\nCCCCO\n")
    code, out, err = forescale("predict", received / "run", tmp_path / "new.csv")
    assert (code, out) == (2, "")
    assert name in err
    assert not touched()


def test_a_model_loads_no_descriptor_that_it_names(forescale, received, touched, tmp_path):
    model = received / "run" / "model" / "model.json"
    rewritten(model, lambda c: c["descriptor"].update(name="canary:Descriptor"))
    (tmp_path / "new.csv").write_text("smiles\nCCCCO\n")
    code, out, err = forescale("predict", received / "run", tmp_path / "new.csv")
    assert (code, out) == (2, "")
    assert "canary:Descriptor" in err
    assert not touched()


@pytest.mark.parametrize("name", ["os:system", "canary:Learner"])
def test_a_run_folder_runs_nothing_whoever_reads_it(forescale, received, touched, name, tmp_path):
    run = received / "run"
    options = {"name": name, "command": f"touch {tmp_path / 'commanded'}"}
    rewritten(run / "manifest.json", lambda c: c["study"].update(learner=options))
    study = (run / "study.toml").read_text()
    head, _, tail = study.partition("[learner]")
    tail = tail[tail.index("[") if "\n[" in tail else len(tail) :]
    (run / "study.toml").write_text(f'{head}[learner]\nname = "{name}"\n\n')
    shutil.rmtree(run / "model")
    (tmp_path / "new.csv").write_text("smiles\nCCCCO\n")
    for command, code in [
        (("plan", run), 0),
        (("report", run), 0),
        (("status", run), 0),
        (("cite", run), 0),
        (("compare", run, run), 0),
        (("predict", run, tmp_path / "new.csv"), 2),
        (("run", run / "study.toml", "--out", tmp_path / "again"), 2),
    ]:
        found, _, err = forescale(*command)
        assert found == code, (command, err)
        assert code == 0 or f"got {name!r} in something received" in err
        assert not touched(), command


def test_consent_names_the_code(received, touched):
    study = received / "run" / "study.toml"
    text = study.read_text().replace('name = "gp"', 'name = "canary:Learner"')
    assert "canary:Learner" in text
    study.write_text(text)
    with pytest.raises(ConfigError, match="say --trust canary:Learner"):
        load_study(study)
    assert load_study(study, trust=["canary:Learner"]).learner.name == "canary:Learner"
    with pytest.raises(ConfigError, match="say --trust canary:Learner"):
        load_study(study, trust=["canary:Descriptor"])
    own = received / "own.toml"
    own.write_text(text)
    assert load_study(own).learner.name == "canary:Learner"
    assert not touched()  # reading a study imports nothing


def test_names_that_were_received_are_ours_or_announced(touched):
    for name in (*STDLIB, *OF_ANOTHER_KIND, "canary:Learner", "canary:Descriptor"):
        with pytest.raises(ConfigError, match="in something received"):
            get_learner(name, {}, trust=RECEIVED)
        with pytest.raises(ConfigError, match="in something received"):
            get_descriptor(name, "molecule", trust=RECEIVED)
    assert get_learner("gp", {}, trust=RECEIVED).name == "gp"
    assert get_descriptor("morgan", "molecule", trust=RECEIVED).name == "morgan"
    assert not touched()


@pytest.mark.parametrize("name", ["os:system", "canary:generate"])
def test_a_campaign_calls_no_function_that_makes_no_materials(forescale, touched, tmp_path, name):
    mark = tmp_path / "commanded"
    (tmp_path / "campaign.toml").write_text(
        f'[[materials]]\ngenerator = "{name}"\noptions = {{ command = "touch {mark}" }}\n'
        '[engine]\nname = "xtb"\n'
    )
    with pytest.raises(ConfigError, match=r"is no generator|standard library"):
        GENERATORS.find(name)
    code, out, _ = forescale("simulate", tmp_path / "campaign.toml")
    assert (code, out) == (2, "")
    assert touched() <= {"imported"}


@pytest.mark.parametrize("name", ["os:system", "canary:Learner"])
def test_a_campaign_calls_no_class_that_is_no_engine(forescale, touched, tmp_path, name):
    (tmp_path / "m.csv").write_text("smiles\nC\n")
    (tmp_path / "campaign.toml").write_text(
        f'[[materials]]\nfile = "m.csv"\n[engine]\nname = "{name}"\n'
        f'[engine.protocol]\ncommand = "touch {tmp_path / "commanded"}"\n'
    )
    code, out, err = forescale("simulate", tmp_path / "campaign.toml")
    assert (code, out) == (2, "")
    assert "is no engine" in err or "standard library" in err
    assert touched() <= {"imported"}


@pytest.mark.parametrize("key", ["setup", "options", "python", "address"])
def test_a_study_brings_no_commands_for_a_cluster(forescale, write_study, tmp_path, key):
    value = {"setup": '["touch x"]', "options": '{ wrap = "touch x" }', "python": '"./evil"'}
    study = write_study(tmp_path / "study")
    table = f"[cluster]\n{key} = {value.get(key, repr('tcp://127.0.0.1:1'))}\n"
    study.write_text(study.read_text() + table)
    code, out, err = forescale("run", study, "--out", tmp_path / "run")
    assert (code, out) == (2, "")
    assert f"cluster.{key}: is not taken from a study or campaign file" in err


def test_a_run_has_the_predictor_of_code_that_one_trusts_by_name(received, touched):
    with pytest.raises(ConfigError, match="is no learner"):
        get_learner("canary:generate", {})
    assert load_predictor(received / "run", show_progress=False) is not None
    assert touched() == {"imported"}

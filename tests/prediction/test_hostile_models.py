"""A model from anybody: it predicts numbers, or is refused in one line; nothing of it is run."""

import copy
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forescale.catalog.locating import sha256_of
from forescale.descriptors.morgan import MorganCounts
from forescale.errors import ForescaleError, ModelError
from forescale.prediction import Predictor
from forescale.prediction.manifest import settings_hash

FROZEN = Path(__file__).parent / "frozen" / "model"
ODD = [None, True, -1, 0, 10**30, -0.5, 1e308, "", "x", "os:system", [], [1], {}, {"a": 1}, [[]]]
MUTATIONS = int(os.environ.get("FORESCALE_MUTATIONS", "30"))


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A copy of the frozen model that a test may harm, and its contents."""
    settings = json.loads((FROZEN / "model.json").read_text())
    version = settings["blocks"][0]["version"].removeprefix("morgan ")
    monkeypatch.setattr(MorganCounts, "version", version)
    return Path(shutil.copytree(FROZEN, tmp_path / "model")), settings


def write(folder, settings, hashes=True):
    """Write ``model.json`` as a careful attacker would: with every hash made anew."""
    settings = copy.deepcopy(settings)
    settings.pop("sha256", None)
    if hashes and isinstance(settings.get("files"), dict):
        for name in ("learner.npz", "domain.npz", "known.parquet"):
            settings["files"][name] = sha256_of(folder / name)
    settings["sha256"] = settings_hash(settings)
    (folder / "model.json").write_text(json.dumps(settings))


def outcome(folder):
    """What comes of loading and predicting: ``refused``, or ``predicts`` what makes sense."""
    try:
        found = Predictor.load(folder).predict(["CCCCO", "CC(C)CC#N", "C1CC"])
    except ForescaleError as error:
        refusal = error
    else:
        refusal = None
    if refusal is not None:
        assert refusal.exit_code in (1, 2)
        assert "\n" not in str(refusal)
        assert len(str(refusal)) < 1_500
        return "refused"
    assert found["reason"].iloc[2]
    good = found.iloc[:2]
    assert np.isfinite(good[["prediction", "low", "high", "distance"]]).all(axis=None)
    assert (good["low"] <= good["prediction"]).all()
    assert (good["prediction"] <= good["high"]).all()
    return "predicts"


def paths(value, so_far=()):
    """Every place of a JSON value; long lists by their ends."""
    yield so_far
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*so_far, key))
    elif isinstance(value, list):
        for place in {0, len(value) - 1} if value else ():
            yield from paths(value[place], (*so_far, place))


def test_a_model_with_any_value_replaced(model):
    folder, settings = model
    rng = np.random.default_rng(0)
    places = [path for path in paths(settings) if path and path[0] != "sha256"]
    seen = []
    for _ in range(MUTATIONS):
        changed = copy.deepcopy(settings)
        path = places[rng.integers(len(places))]
        owner = changed
        for key in path[:-1]:
            owner = owner[key]
        if isinstance(owner, dict) and rng.random() < 0.3:
            del owner[path[-1]]
        else:
            owner[path[-1]] = ODD[rng.integers(len(ODD))]
        write(folder, changed)
        seen.append(outcome(folder))
    assert seen.count("refused") > MUTATIONS / 3
    assert seen.count("predicts") > 0  # names, licences and the like do not matter


def harmed(array, rng):
    """An array made wrong in one of several ways."""
    ways = [
        lambda a: a[:-1] if a.ndim and len(a) else a.reshape(1, -1),
        lambda a: a.astype("U8"),
        lambda a: a.astype(complex),
        lambda a: np.full(a.shape, np.nan),
        lambda a: np.full(a.shape, -(10**6)).astype(a.dtype),
        lambda a: np.full(a.shape, 10**6).astype(a.dtype),
        lambda a: np.zeros(a.shape, a.dtype),
        lambda a: a[None],
        lambda a: a[:0] if a.ndim else a,
        lambda a: a.astype(np.float64) * 1e300 if a.dtype.kind == "f" else a.astype(bool),
        lambda a: np.zeros((2, 3, 4)),
    ]
    with np.errstate(all="ignore"):
        return ways[rng.integers(len(ways))](array)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ["learner.npz", "domain.npz"])
def test_a_model_with_any_array_replaced(model, name):
    folder, settings = model
    rng = np.random.default_rng(1)
    with np.load(FROZEN / name) as found:
        arrays = dict(found)
    seen = []
    for _ in range(MUTATIONS // 2):
        key = list(arrays)[rng.integers(len(arrays))]
        changed = {**arrays, key: harmed(arrays[key], rng)}
        if rng.random() < 0.1:
            del changed[key]
        with (folder / name).open("wb") as file:
            np.savez(file, **changed)
        write(folder, settings)
        seen.append(outcome(folder))
    assert seen.count("refused") > MUTATIONS / 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "names no format"),
        ('"format"', "names no format"),
        ("", "damaged"),
        ("[" * 100_000, "damaged"),
        ('{"format": 1, "a": ' + "[" * 50_000 + "]" * 50_000 + "}", "damaged"),
        ('{"format": ' + "9" * 5_000 + "}", "damaged"),
        ('{"format": NaN}', "got NaN, expected finite numbers"),
        ('{"format": true}', "a model of format True"),
        ('{"format": 1}', "it lacks identity, learner"),
    ],
    ids=["list", "text", "empty", "deep", "deep list", "long", "NaN", "truth", "bare"],
)
def test_no_model_at_all(model, text, words):
    folder, _ = model
    (folder / "model.json").write_text(text)
    with pytest.raises(ModelError, match=words):
        Predictor.load(folder)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("calibrations", "exclude", "reach"), -1.0, r"exclude.reach: got -1.0; .*or equal to 0"),
        (("n_source",), "40", r"n_source: got '40'; .*valid integer"),
        (("values",), {"lowest": 2.0, "highest": 1.0}, "lowest value is above the highest"),
        (("calibrations",), {}, "lacks exclude"),
        (("domain", "blocks"), 2, "domain.blocks: is 2, but there are 1 blocks"),
        (("target", "material_kind"), "rock", "target.material_kind: got 'rock'"),
        (("learner", "name"), "nope", "its learner cannot be had"),
    ],
)
def test_a_wrong_value_is_named(model, path, value, words):
    folder, settings = model
    owner = settings
    for key in path[:-1]:
        owner = owner[key]
    owner[path[-1]] = value
    write(folder, settings)
    with pytest.raises(ModelError, match=words):
        Predictor.load(folder)


@pytest.mark.parametrize("name", ["os:system", "subprocess:getoutput", "builtins:exec", "a.b:C"])
def test_nothing_that_a_model_names_is_called(model, name, tmp_path):
    folder, settings = model
    target = tmp_path / "ran"
    settings["learner"] = {"name": name, "options": {"command": f"touch {target}"}}
    write(folder, settings)
    with pytest.raises(ModelError, match="what is received loads no code"):
        Predictor.load(folder)
    assert not target.exists()


def test_a_descriptor_that_a_model_names_is_not_imported(model):
    folder, settings = model
    settings["descriptor"]["name"] = "antigravity:Descriptor"
    write(folder, settings)
    with pytest.raises(ModelError, match="what is received loads no code"):
        Predictor.load(folder)
    assert "antigravity" not in sys.modules


def test_known_materials_are_checked(model):
    folder, settings = model
    pd.DataFrame({"key": [1.5], "computed": [3], "measured": [True]}).to_parquet(
        folder / "known.parquet"
    )
    write(folder, settings)
    with pytest.raises(ModelError, match=r"known\.parquet: damaged \(expected keys as text"):
        Predictor.load(folder)

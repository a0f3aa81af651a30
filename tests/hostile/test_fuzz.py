"""Study and campaign files of any content: read, or refused by name. Bounded in time."""

import json
import tomllib

import tomli_w
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from forescale.errors import RequestError
from forescale.simulation import Campaign
from forescale.study import load_study

BOUNDED = settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
STUDY = {
    "name": "tiny",
    "seed": 0,
    "replicates": 2,
    "source": [{"file": "c.csv", "kind": "molecule", "material": "s", "value": "y", "unit": "K"}],
    "target": {"dataset": "refractive-index-measured"},
    "descriptor": {"name": "morgan"},
    "learner": {"name": "gp"},
    "grid": {"n_source": {"from": 20, "count": 5}, "n_target": [5, 20]},
    "evaluation": {"metrics": ["rmse"], "test_fraction": 0.2, "overlap": "allow"},
    "censoring": {"floor": 0.0, "learn_as": -1.0},
}
CAMPAIGN = {
    "kind": "molecule",
    "results": "r",
    "workers": 1,
    "threads": 1,
    "retries": 1,
    "seed": 0,
    "materials": [{"file": "m.csv", "column": "smiles", "limit": 3}],
    "engine": {"name": "replay", "seed": 0, "protocol": {"table": "t.parquet"}},
    "limits": {"time": 60.0, "memory": 2.0},
}
SCALARS = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from(["os:system", "../x", "nan", "2", "a" * 5000])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abn_", min_size=1), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value, place=()):
    """Where something stands in a nested table."""
    if place:
        yield place
    pairs = value.items() if isinstance(value, dict) else ()
    for key, inner in enumerate(value) if isinstance(value, list) else pairs:
        yield from places(inner, (*place, key))


def changed(table, place, new):
    """A copy with another value there."""
    copy = json.loads(json.dumps(table))
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = new
    return copy


def same_type(old, new):
    """Whether TOML would take one for the other."""
    if isinstance(old, bool) or isinstance(new, bool):
        return isinstance(old, bool) and isinstance(new, bool)
    if isinstance(old, float):
        return isinstance(new, int | float)
    return isinstance(new, type(old))


def refused(read, path):
    """Why a file is refused; None where it is taken."""
    try:
        read(path)
    except RequestError as error:
        return str(error)
    return None


def check(read, path, table, place, new):
    """Read a file with another value at a place: a value of another type is never taken."""
    path.write_text(tomli_w.dumps(changed(table, place, new)), encoding="utf-8")
    old = table
    for key in place:
        old = old[key]
    why = refused(read, path)
    if why is not None:
        assert str(path) in why
        assert len(why) < 20_000
        return
    unions = {("grid", "n_source"), ("engine", "protocol", "table")}
    assert same_type(old, new) or place in unions or place[0] == "learner", (place, new)


@BOUNDED
@example(place=("seed",), new=True)
@example(place=("replicates",), new="2")
@example(place=("replicates",), new=1e20)
@example(place=("seed",), new=-1)
@example(place=("name",), new="x" * 300)
@given(place=st.sampled_from([*places(STUDY)]), new=VALUES)
def test_a_study_with_any_value_is_read_or_refused(tmp_path_factory, place, new):
    check(load_study, tmp_path_factory.getbasetemp() / "study.toml", STUDY, place, new)


@BOUNDED
@example(place=("seed",), new=True)
@example(place=("workers",), new="2")
@example(place=("limits", "time"), new=float("nan"))
@example(place=("materials", 0, "limit"), new=2.0)
@given(place=st.sampled_from([*places(CAMPAIGN)]), new=VALUES)
def test_a_campaign_with_any_value_is_read_or_refused(tmp_path_factory, place, new):
    path = tmp_path_factory.getbasetemp() / "campaign.toml"
    check(Campaign.from_toml, path, CAMPAIGN, place, new)


TEXTS = [
    b"seed = 99999999999999999999",
    b"seed = " + b"9" * 5000,
    b"x = " + b"[" * 100_000,
    b"a" + b".a" * 5000 + b" = 1",
    b"x = [" * 3000,
    b"\xff\xfe\x00",
    b"name = '\x00'",
    b"# " + b"x" * 2_000_000,
    b"",
    b"seed = 2024-01-01",
]


def test_files_beyond_all_bounds_are_refused_in_a_line_each(tmp_path):
    path = tmp_path / "some.toml"
    for text in TEXTS:
        path.write_bytes(text)
        for read in (load_study, Campaign.from_toml):
            assert str(path) in (refused(read, path) or "taken"), text[:40]


@BOUNDED
@given(data=st.binary(max_size=60), place=st.integers(0, 400))
def test_broken_bytes_are_read_or_refused(tmp_path_factory, data, place):
    whole = tomli_w.dumps(STUDY).encode()
    path = tmp_path_factory.getbasetemp() / "broken.toml"
    path.write_bytes(whole[:place] + data + whole[place:])
    why = refused(load_study, path)
    if why is None:
        assert tomllib.loads(path.read_text(encoding="utf-8-sig"))["name"]
    else:
        assert str(path) in why

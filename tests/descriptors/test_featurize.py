"""Featurising: the cache never changes a number, nor stops the work."""

from functools import cached_property

import numpy as np
import pytest

from forescale.descriptors import Column, Features, featurize, get_descriptor
from forescale.errors import DataError

KEYS = ["C" * length + end for length in range(1, 8) for end in ("", "O", "N", "F")]


class Counted:
    """Length and number of heteroatoms of a key; counts how often it is asked."""

    name = "counted"
    version = "1"
    material_kinds = ("molecule",)

    def __init__(self):
        self.asked = []

    @cached_property
    def columns(self):
        return (Column("length"), Column("hetero", kind="count"), Column("undefined for CF"))

    def rows(self, keys):
        self.asked += keys
        return np.array(
            [[len(k) / 3, sum(c != "C" for c in k), np.nan if k == "CF" else 1] for k in keys],
            dtype=np.float32,
        ).reshape(len(keys), 3)


def values(descriptor, keys, cache, **options):
    return featurize(descriptor, keys, cache=cache, show_progress=False, **options).values


@pytest.fixture
def truth():
    return Counted().rows(KEYS)[:, :2]


def parts(cache):
    return sorted(cache.rglob("*.parquet"))


def test_cold_and_warm_are_the_same_and_warm_computes_nothing(tmp_path, truth):
    cold, warm = Counted(), Counted()
    np.testing.assert_array_equal(values(cold, KEYS, tmp_path), truth)
    np.testing.assert_array_equal(values(warm, KEYS[::-1], tmp_path), truth[::-1])
    assert cold.asked == KEYS
    assert warm.asked == []


def test_only_what_is_missing_is_computed_and_once(tmp_path, truth):
    values(Counted(), KEYS[:9], tmp_path)
    more = Counted()
    twice = [*KEYS, *KEYS]
    np.testing.assert_array_equal(values(more, twice, tmp_path), np.tile(truth, (2, 1)))
    assert more.asked == KEYS[9:]


@pytest.mark.parametrize(
    "harm",
    [
        lambda part: part.write_bytes(part.read_bytes()[:-40]),
        lambda part: part.write_bytes(b""),
        lambda part: part.write_bytes(b"PAR1 nothing PAR1"),
        lambda part: (part.unlink(), part.mkdir()),
    ],
    ids=["truncated", "empty", "garbage", "folder"],
)
def test_a_damaged_part_is_computed_again(tmp_path, truth, harm):
    values(Counted(), KEYS, tmp_path)
    (part,) = parts(tmp_path)
    harm(part)
    again = Counted()
    np.testing.assert_array_equal(values(again, KEYS, tmp_path), truth)
    assert again.asked == KEYS


@pytest.mark.parametrize("name", ["version", "columns"])
def test_another_version_or_layout_does_not_read_the_cache(tmp_path, truth, name):
    values(Counted(), KEYS, tmp_path)
    other = Counted()
    if name == "version":
        other.version = "2"
    else:
        other.columns = tuple(Column(c.name + "!", c.kind) for c in Counted().columns)
    np.testing.assert_array_equal(values(other, KEYS, tmp_path), truth)
    assert other.asked == KEYS


def test_a_cache_that_cannot_be_written_does_not_stop_the_work(tmp_path, truth):
    (tmp_path / "cache").write_text("a file in place of the folder")
    np.testing.assert_array_equal(values(Counted(), KEYS, tmp_path / "cache"), truth)
    np.testing.assert_array_equal(values(Counted(), KEYS, tmp_path / "cache" / "deeper"), truth)


def test_an_interrupted_run_keeps_its_finished_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr("forescale.descriptors.cache._CHUNK", 5)

    class Failing(Counted):
        def rows(self, keys):
            if KEYS[12] in keys:
                raise KeyboardInterrupt
            return super().rows(keys)

    with pytest.raises(KeyboardInterrupt):
        values(Failing(), KEYS, tmp_path)
    again = Counted()
    values(again, KEYS, tmp_path)
    assert again.asked == KEYS[10:]
    assert not list(tmp_path.rglob("*.tmp"))


def test_parallel_is_the_same_as_serial(tmp_path, monkeypatch):
    monkeypatch.setattr("forescale.descriptors.cache._MIN_PARALLEL", 5)
    monkeypatch.setattr("forescale.descriptors.cache._CHUNK", 7)
    descriptor = get_descriptor("structure", "molecule")
    serial = values(descriptor, KEYS, tmp_path / "serial")
    parallel = values(descriptor, KEYS, tmp_path / "parallel", workers=2)
    np.testing.assert_array_equal(parallel, serial)
    assert len(parts(tmp_path / "parallel")) == 4


def test_columns_that_are_undefined_for_a_material_are_left_out_and_named(tmp_path):
    features = featurize(Counted(), KEYS, cache=tmp_path, show_progress=False)
    assert features.dropped == ("undefined for CF",)
    assert [column.name for column in features.columns] == ["length", "hetero"]
    assert features.is_count.tolist() == [False, True]
    without = [key for key in KEYS if key != "CF"]
    assert featurize(Counted(), without, cache=tmp_path, show_progress=False).dropped == ()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_no_finite_column_at_all_is_an_error(bad):
    columns = (Column("a"), Column("b"))
    rows = np.array([[1.0, bad], [bad, 1.0]], dtype=np.float32)
    with pytest.raises(DataError, match="no descriptor column is finite"):
        Features.finite(rows, columns)


def test_a_material_without_any_feature_is_named(tmp_path):
    class Silent(Counted):
        def rows(self, keys):
            rows = super().rows(keys)
            rows[[key.endswith("F") for key in keys]] = np.nan
            return rows

    with pytest.raises(DataError, match=r"'counted' does not describe 7 of the 28.*: CF, CCF, "):
        values(Silent(), KEYS, tmp_path)
    values(Silent(), [key for key in KEYS if not key.endswith("F")], tmp_path)

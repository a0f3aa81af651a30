"""Tables of many curves and the errors of a study."""

import numpy as np
import pandas as pd
import pytest

from forescale.errors import DataError, LawError
from forescale.laws import fit_table, study_laws

SIZES = 100 * 2.0 ** np.arange(6)


def two_curves():
    return pd.concat(
        pd.DataFrame({"id": name, "size": SIZES, "rmse": 3 * SIZES**-0.5 + gap})
        for name, gap in [("a", 0.1), ("b", 0.4)]
    )


def test_each_curve_is_fitted_by_itself():
    laws = fit_table(two_curves(), curve="id", n="size", error="rmse", at=[1e4])
    assert list(laws) == ["a", "b"]
    assert laws["a"].transfer_gap.estimate == pytest.approx(0.1, rel=0.1)
    assert laws["b"].transfer_gap.estimate == pytest.approx(0.4, rel=0.1)


def test_missing_column_is_named_with_those_there():
    with pytest.raises(DataError, match=r"no column 'n'.*'size'"):
        fit_table(two_curves(), curve="id", error="rmse")


def test_a_bad_point_names_its_curve():
    table = two_curves()
    table.iloc[-1, 2] = -1
    with pytest.raises(LawError, match="curve 'b'"):
        fit_table(table, curve="id", n="size", error="rmse")


def test_study_laws_skip_scratch_and_higher_is_better():
    rows = [
        (r, int(n), m, metric, 0.5 * (n + 1) ** -0.3 + 0.1 + 0.001 * r)
        for r in range(5)
        for n in [0, *SIZES]
        for m in (0, 20)
        for metric in ("rmse", "mae", "r2")
    ]
    frame = pd.DataFrame(rows, columns=["replicate", "n_source", "n_target", "metric", "value"])
    laws = study_laws(frame, noise_floor=0.02)
    assert [(law.n_target, law.metric) for law in laws] == [
        (0, "mae"), (0, "rmse"), (20, "mae"), (20, "rmse"),
    ]  # fmt: skip
    assert all(law.curve.n[0] == SIZES[0] for law in laws)
    assert [law.noise_floor for law in laws] == [None, 0.02, None, 0.02]


def test_each_m_is_fitted_by_itself_under_a_readable_name():
    table = pd.concat(two_curves().assign(m=m) for m in (20.0, 1281167.0))
    laws = fit_table(table, curve="id", n="size", error="rmse", m="m")
    assert list(laws) == ["a m=20", "b m=20", "a m=1281167", "b m=1281167"]
    assert laws["a m=20"].n_target == 20


def test_half_the_capacity_that_changes_the_error_is_flagged():
    sizes, rng = np.geomspace(30, 3000, 8).round(), np.random.default_rng(0)
    rows = [
        (replicate, n, m, "rmse", (2 * n**-0.5 + 0.1) * (1 + 0.01 * rng.normal()))
        for replicate in range(5)
        for n in sizes
        for m in (20, 40)
    ]
    errors = pd.DataFrame(rows, columns=["replicate", "n_source", "n_target", "metric", "value"])
    largest = errors[errors["n_source"] == 3000].copy()
    largest.loc[largest["n_target"] == 20, "value"] *= 1.03
    largest.loc[largest["n_target"] == 40, "value"] *= 1.005
    laws = {law.n_target: law for law in study_laws(errors, half_capacity=largest)}
    assert "capacity_limited" in laws[20].flags
    assert "capacity_limited" not in laws[40].flags
    assert laws[20].to_json()["half_capacity_change"] == pytest.approx(0.03)
    for law in study_laws(errors):
        assert "capacity_limited" not in law.flags
        assert law.half_capacity_change is None

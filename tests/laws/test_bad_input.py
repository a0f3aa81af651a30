"""Whatever a table holds: one clear message, or a flagged answer without NaN or warnings."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from forescale.errors import DataError, LawError
from forescale.laws import fit_law, fit_table, study_laws

SIZES = 100 * 2.0 ** np.arange(6)
ERRORS = 3 * SIZES**-0.5 + 0.2

ODD = {
    "tiny errors": (SIZES, ERRORS * 1e-200, {}),
    "huge errors": (SIZES, ERRORS * 1e200, {}),
    "huge sizes": (SIZES * 1e250, ERRORS, {}),
    "sizes below one": (SIZES * 1e-9, ERRORS, {}),
    "fifteen decades": (10.0 ** np.arange(16), 3 * 10.0 ** (-0.2 * np.arange(16)), {}),
    "rising": (SIZES, ERRORS[::-1], {}),
    "constant": (SIZES, np.ones(6), {}),
    "exactly a power": (SIZES, SIZES**-0.5, {}),
    "wild": (SIZES, [1, 1e-6, 1e6, 1, 1e-3, 10], {}),
    "alternating": (SIZES, [1, 2, 1, 2, 1, 2], {}),
    "unsorted with repeats": ([400, 100, 400, 200, 100], [0.4, 0.6, 0.38, 0.5, 0.62], {}),
    "two replicates of different sizes": (
        [100, 200, 400, 100, 800, 1600],
        [0.5, 0.4, 0.35, 0.52, 0.3, 0.28],
        {"replicate": ["a", "a", "a", "b", "b", "b"]},
    ),
    "identical replicates": (
        np.tile(SIZES, 3),
        np.tile(ERRORS, 3),
        {"replicate": np.repeat([0, 1, 2], 6)},
    ),
    "one replicate": (SIZES, ERRORS, {"replicate": [0] * 6}),
    "no known standard error": (SIZES, ERRORS, {"se": [np.nan] * 6}),
    "zero standard errors": (SIZES, ERRORS, {"se": [0.0] * 6}),
    "standard error above the error": (SIZES, ERRORS, {"se": ERRORS * 5}),
    "integers as text": (["100", "200", "400", "800"], ["0.5", "0.4", "0.35", "0.3"], {}),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_curves_are_answered_without_warnings_or_nan(name):
    n, error, options = ODD[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = fit_law(n, error, draws=200, **options).to_json()
    json.dumps(answer, allow_nan=False)
    for row in answer["forecast"]:
        assert 0 < row["low"] <= row["median"] <= row["high"]
    q = answer["transfer_gap"]
    assert 0 <= q["low"] <= q["estimate"] <= q["high"]


def test_rising_error_is_called_harmful():
    assert {"not_decreasing", "harmful"} <= set(fit_law(SIZES, ERRORS[::-1]).flags)


def test_noise_larger_than_the_drop_is_flagged():
    rng = np.random.default_rng(0)
    error = 0.5 * np.exp(0.1 * rng.standard_normal((6, 6)))
    law = fit_law(np.tile(SIZES, 6), error.ravel(), np.repeat(range(6), 6))
    assert "noise_exceeds_drop" in law.flags


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("n", 0, "n must be finite and above zero"),
        ("error", -1, "error must be finite and above zero"),
        ("error", np.inf, "error must be finite and above zero"),
        ("error", "bad", "error must be numbers"),
        ("m", None, "column 'm' is empty in 1 rows"),
        ("rep", None, "column 'rep' is empty in 1 rows"),
        ("se", -0.1, "se must be finite and not negative"),
    ],
)
def test_a_bad_cell_is_refused_with_its_reason(column, value, words):
    frame = pd.DataFrame({"n": SIZES, "error": ERRORS, "m": 20, "rep": "a", "se": 0.01})
    frame[column] = frame[column].astype(object)
    frame.loc[3, column] = value
    options = {"m": "m"} | ({"replicate": "rep"} if column == "rep" else {"se": "se"})
    with pytest.raises((LawError, DataError), match=words):
        fit_table(frame, **options)


@pytest.mark.parametrize("sizes", [[100], [100] * 5, [100, 200]])
def test_fewer_than_three_sizes_give_no_law(sizes):
    with pytest.raises(LawError, match="at least 3 different sizes"):
        fit_law(sizes, np.linspace(0.5, 0.4, len(sizes)))


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"error": [1.7e308] * 6}, "error must lie between"),
        ({"n": 10.0 ** np.array([0, 10, 50, 90, 120, 150])}, "n spans 150 decades"),
        ({"se": [1e300] * 6}, "se must be in the unit of the error"),
        ({"se": ["a"] * 6}, "se must be numbers"),
        ({"n": [int("9" * 400)] * 6}, "too large"),
    ],
)
def test_absurd_values_are_refused_in_one_line(columns, words):
    table = {"n": SIZES, "error": ERRORS, "se": [0.01] * 6} | columns
    with pytest.raises(LawError, match=words) as caught:
        fit_law(table["n"], table["error"], se=table["se"])
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("m", [5e300, "x", -1])
def test_an_m_that_is_no_number_of_materials_is_refused(m):
    frame = pd.DataFrame({"n": SIZES, "error": ERRORS, "m": [m] * 6})
    with pytest.raises(DataError, match="column 'm' must hold numbers of measured values"):
        fit_table(frame, m="m")


def test_a_hundred_thousand_sizes_are_fitted_like_a_few():
    n = np.arange(1, 100_001)
    error = (3 * n**-0.5 + 0.2) * np.exp(0.1 * np.random.default_rng(0).standard_normal(len(n)))
    law = fit_law(n, error, draws=500)
    assert len(law.curve.n) <= 256
    assert law.predict([1e6]).median[0] == pytest.approx(0.203, rel=0.03)
    trials = fit_law(np.tile(n[:2000], 3), np.tile(error[:2000], 3), np.repeat([0, 1, 2], 2000))
    assert len(trials.curve.n) <= 256


def test_rising_values_between_0_and_1_are_asked_about():
    accuracy = 0.9 - 3 * SIZES**-0.5
    assert "perhaps_a_score" in fit_law(SIZES, accuracy, draws=200).flags
    assert "perhaps_a_score" not in fit_law(SIZES, accuracy, draws=200, metric="rmse").flags
    assert "perhaps_a_score" not in fit_law(SIZES, 1 - accuracy, draws=200).flags
    frame = pd.DataFrame({"n": SIZES, "test_accuracy": accuracy})
    with pytest.raises(DataError, match="named for a score"):
        fit_table(frame, error="test_accuracy")


def test_several_curves_in_one_table_are_named_not_merged():
    frame = pd.concat([pd.DataFrame({"n": SIZES, "error": ERRORS * k, "model": k, "seed": 0})
                       for k in (1, 2, 3)])  # fmt: skip
    with pytest.raises(DataError, match=r"'model' tells 3 series apart.*--curve model"):
        fit_table(frame)
    assert list(fit_table(frame, curve="model", draws=200)) == ["1", "2", "3"]
    with pytest.raises(DataError, match="3 series of the same sizes"):
        fit_table(frame[["n", "error"]])
    repeats = frame.assign(seed=frame["model"], error=np.tile(ERRORS, 3)).drop(columns="model")
    with pytest.raises(DataError, match="--replicate seed"):
        fit_table(repeats)


def test_repeats_of_one_curve_without_a_name_are_repeats():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"n": np.tile(SIZES, 4), "error": np.tile(ERRORS, 4) * (1 + 0.02 * rng.standard_normal(24))}
    )
    assert fit_table(frame, draws=200)["curve"].curve.noise_of == "repeats"


def test_empty_and_useless_tables_are_refused():
    with pytest.raises(DataError, match="no rows"):
        fit_table(pd.DataFrame({"n": [], "error": []}))
    columns = ["replicate", "n_source", "n_target", "metric", "value"]
    with pytest.raises(DataError, match="no errors with n_source > 0"):
        study_laws(pd.DataFrame([(0, 0, 20, "rmse", 1.0)], columns=columns))
    with pytest.raises(DataError, match="lack the column value"):
        study_laws(pd.DataFrame(columns=columns[:-1]))


@pytest.mark.parametrize("option", [{"level": 1.5}, {"draws": 5}, {"at": [-1.0]}])
def test_options_out_of_range_are_refused(option):
    with pytest.raises(LawError):
        fit_law(SIZES, ERRORS, **option)

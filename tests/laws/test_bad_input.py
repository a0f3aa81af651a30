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
    "one point": ([100], [0.5], {}),
    "one size, many values": ([100] * 5, [0.5, 0.52, 0.48, 0.5, 0.51], {}),
    "two sizes": ([100, 200], [0.5, 0.4], {}),
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

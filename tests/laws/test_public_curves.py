"""Public learning curves, when they are there: extrapolation and coverage do not slip."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forescale.laws import fit_joint, fit_law

CURVES = Path(os.environ.get("FORESCALE_MIRROR", "")).parent / "curves"

pytestmark = [
    pytest.mark.mirror,
    pytest.mark.skipif(
        "FORESCALE_MIRROR" not in os.environ or not CURVES.is_dir(),
        reason="FORESCALE_MIRROR is not set, or has no folder `curves` beside it",
    ),
]


def scores(file, every):
    table = pd.read_csv(CURVES / file)
    rows = []
    for name in table.curve_id.unique()[::every]:
        curve = table[table.curve_id == name].sort_values("n")
        fit, beyond = curve[curve.role == "fit"], curve[curve.role == "extrap"]
        law = fit_law(fit.n, fit.error, se=fit.se, draws=500)
        forecast = law.predict(beyond.n)
        off = np.log(forecast.median) - np.log(beyond.error)
        inside = (forecast.low <= beyond.error) & (beyond.error <= forecast.high)
        rows.append((np.sqrt(np.mean(off**2)), inside.mean()))
    return np.mean(rows, axis=0)


@pytest.mark.slow
def test_tabular_curves():
    error, coverage = scores("lcdb11_subset300.csv", every=5)
    assert error < 0.16
    assert 0.8 < coverage < 0.97


def test_drug_response_curves():
    error, coverage = scores("drug_response_mean.csv", every=1)
    assert error < 0.0138
    assert coverage > 0.85


def test_joint_grid_is_foreseen_along_n_and_along_m():
    table = pd.read_csv(CURVES / "cg_transfer_joint_n_m.csv")
    fit, beyond = table[table.role == "fit"], table[table.role == "extrap"]
    law = fit_joint(fit.n, fit.m, fit.error, backtest=False)
    off = np.log(law.predict(beyond.n, beyond.m).median) - np.log(beyond.error)
    along_n = beyond.m <= fit.m.max()
    assert np.sqrt(np.mean(off[along_n] ** 2)) < 0.0117  # best single form, least squares
    assert np.sqrt(np.mean(off[~along_n] ** 2)) < 0.058

"""The joint law over (n, m): known surfaces, refusals, tables."""

import json

import numpy as np
import pandas as pd
import pytest

from forescale.errors import LawError
from forescale.laws import fit_joint, fit_joint_table, study_joint
from forescale.laws.joint_forms import CENTER, JOINT_FORMS, relative_error

N, M = (g.ravel() for g in np.meshgrid(50 * 2.0 ** np.arange(6), 10 * 2.0 ** np.arange(4)))


def product_law(n, m):
    return (1.5 * n**-0.5 + 0.2) * m**-0.3 + 0.05


@pytest.fixture(scope="module")
def law():
    rng = np.random.default_rng(0)
    error = product_law(N, M) * np.exp(0.02 * rng.standard_normal((8, len(N))))
    ids = np.repeat(np.arange(8), len(N))
    return fit_joint(np.tile(N, 8), np.tile(M, 8), error.ravel(), ids, backtest=True)


def test_product_surface_is_recognised_and_foreseen(law):
    assert max(law.forms, key=law.forms.get) == "product"
    n, m = np.array([6400, 1600, 6400]), np.array([80, 320, 320])
    forecast = law.predict(n, m)
    truth = product_law(n, m)
    assert np.all((forecast.low < truth) & (truth < forecast.high))
    assert forecast.median == pytest.approx(truth, rel=0.05)


def test_product_parameters_cover_their_truth(law):
    parameters = law.to_json()["product"]
    for name, truth in [("decay_rate", 0.5), ("beta", 0.3), ("epsilon", 0.05), ("A", 1.5)]:
        assert parameters[name]["low"] < truth < parameters[name]["high"], name


def test_json_is_plain_and_backtest_goes_both_ways(law):
    answer = law.to_json()
    json.dumps(answer, allow_nan=False)
    assert answer["backtest"]["along_n"]["rmsle"] < 0.1
    assert answer["backtest"]["along_m"] is None  # two m are left, too few to refit


def test_effective_data_surface_is_recognised():
    error = 2 * (M + 30 / (20 * N**-0.6 + 0.3)) ** -0.5 + 0.02
    law = fit_joint(N, M, error, backtest=False)
    assert law.forms["effective"] > 0.9


@pytest.mark.parametrize("form", JOINT_FORMS)
def test_forms_are_one_at_the_corner_and_fall_towards_it(form):
    theta = CENTER[None, :]
    corner = relative_error(form, theta, np.zeros(1), np.zeros(1))
    assert corner == pytest.approx(np.ones((1, 1)))
    fewer = relative_error(form, theta, np.array([-1.0, 0.0]), np.array([0.0, -1.0]))
    assert np.all(fewer > 1)


def test_too_few_sizes_are_refused():
    with pytest.raises(LawError, match="at least 3 different m, got 2"):
        fit_joint([1, 2, 3, 1, 2, 3], [1, 1, 1, 2, 2, 2], [6, 5, 4, 5, 4, 3])


def test_tables_and_studies_fit_what_has_enough_sizes():
    frame = pd.DataFrame({"n": N, "m": M, "error": product_law(N, M), "id": "a"})
    short = frame[frame.m < 40].assign(id="b")
    assert list(fit_joint_table(pd.concat([frame, short]), curve="id", backtest=False)) == ["a"]
    study = frame.rename(columns={"n": "n_source", "m": "n_target", "error": "value"})
    study = pd.concat([study.assign(metric="rmse", replicate=r) for r in range(2)])
    assert [law.metric for law in study_joint(study, backtest=False)] == ["rmse"]

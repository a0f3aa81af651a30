"""What plans of the same laws share changes no answer."""

import json
from dataclasses import replace

import numpy as np
import pytest

from forescale.laws import RunLaws, fit_joint, fit_law
from forescale.planning import ErrorSurface, Kept, Questions, contour, make_plan
from forescale.report.plan_text import exchange_text


@pytest.fixture(scope="module")
def laws():
    n, m = (g.ravel() for g in np.meshgrid([100.0, 300, 900, 2700], [10.0, 30, 90]))
    joint = fit_joint(n, m, (9 * n**-0.5 + 0.01) * m**-0.4 + 0.001, backtest=False, draws=300)
    last = m == 90
    law = fit_law(n[last], (9 * n[last] ** -0.5 + 0.01) * 90**-0.4 + 0.001, draws=300)
    return RunLaws.of_laws(law, [joint])


def test_a_plan_with_what_is_kept_is_the_plan_without(laws):
    kept = Kept()
    for target, budget in ((0.02, 1000.0), (0.03, 50.0)):
        asked = Questions.of(target, budget=budget, cost_source=1, cost_target=20)
        told = [json.dumps(make_plan(laws, asked, kept=k).to_json()) for k in (kept, None)]
        assert told[0] == told[1]


def test_data_at_hand_move_the_split_and_the_exchange(laws):
    costs = {"budget": 1000.0, "cost_source": 1.0, "cost_target": 20.0}
    study = make_plan(laws, Questions.of(0.02, **costs)).joint[0]
    other = make_plan(laws, Questions.of(0.02, **costs, have_source=300.0, have_target=30.0)).joint[
        0
    ]
    assert (study.n_source, study.n_target) == (2700, 90)
    assert (other.n_source, other.n_target) == (300, 30)
    assert other.error > study.error
    assert other.exchange.one_experiment.median < study.exchange.one_experiment.median


def test_a_contour_is_read_from_the_surface(laws):
    joint = laws.joint[0]
    surface = ErrorSurface.of(joint)
    alone = contour(joint, 0.03, surface.m)
    assert [m for m, _ in alone.points] == [10, 30, 90, 180]
    for (_, one), (_, other) in zip(alone.points, surface.contour(0.03).points, strict=True):
        assert one.median == other.median
    assert (np.diff(surface.median, axis=1) <= 1e-6).all()


@pytest.mark.parametrize(("flag", "falls"), [("harmful", False), ("not_bent_yet", True)])
def test_where_the_error_does_not_fall_nothing_is_worth_anything(laws, flag, falls):
    law = replace(laws.laws[0], n_target=90, flags=(flag,))
    (answers,) = make_plan(RunLaws.of_laws(law, laws.joint)).joint
    assert answers.falls is falls
    assert answers.to_json()["falls"] is falls
    assert ("one more experiment" in exchange_text(answers)) is falls

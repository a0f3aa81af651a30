"""Sample size, limit and next doubling of curves whose law is known."""

import json

import numpy as np
import pytest

from forescale.errors import LawError
from forescale.laws import RunLaws, fit_law
from forescale.planning import Questions, attainable_limit, make_plan, next_doubling, sample_size
from forescale.report.plan_text import plan_lines

SIZES = 100 * 2.0 ** np.arange(8)
LAW = fit_law(SIZES, 3 * SIZES**-0.5 + 0.2)


def test_sample_size_of_a_known_law():
    answer = sample_size(LAW, 0.22)
    assert answer.median == pytest.approx((3 / 0.02) ** 2, rel=0.1)
    assert answer.p_infinite < 0.05


def test_target_under_the_limit_is_not_reachable():
    answer = sample_size(LAW, 0.15)
    assert answer.p_infinite > 0.95
    assert answer.to_answer()["median"] is None


def test_target_already_met_is_met_at_a_size_seen():
    assert sample_size(LAW, 0.4).median == pytest.approx((3 / 0.2) ** 2, rel=0.1)


def test_target_must_be_positive():
    with pytest.raises(LawError, match="target error"):
        sample_size(LAW, -0.1)


def test_next_doubling_of_a_known_law():
    truth = 3 * 12800**-0.5 * (1 - 2**-0.5)
    assert next_doubling(LAW).median == pytest.approx(truth, rel=0.1)


def test_limit_splits_into_noise_and_model_gap():
    law = fit_law(SIZES, 3 * SIZES**-0.5 + 0.2, noise_floor=0.12)
    limit = attainable_limit(law)
    assert limit.gap.median == pytest.approx(0.2, rel=0.02)
    assert limit.model.median == pytest.approx(0.16, rel=0.05)


def test_plan_is_plain_json_and_readable_text():
    plan = make_plan(RunLaws.of_laws(LAW, unit="g/cm^3"), Questions.of([0.22, 0.1]))
    answer = plan.to_json()
    json.dumps(answer, allow_nan=False)
    assert [s["target_error"] for s in answer["laws"][0]["sample_size"]] == [0.22, 0.1]
    assert [s["answer"] for s in answer["laws"][0]["sample_size"]] == ["number", "at_least"]
    text = "\n".join(plan_lines(plan))
    assert "not with 100 times the data" in text
    assert "g/cm³" in text

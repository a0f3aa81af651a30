"""Learners keep the contract of :mod:`forescale.learners.testing`."""

import pytest

from forescale.errors import ConfigError
from forescale.learners import get_learner, names
from forescale.learners.testing import LearnerSuite


class TestGP(LearnerSuite):
    @pytest.fixture(params=["laplacian", "matern32"])
    def learner(self, request):
        options = {"lengths": [0.5, 2.0], "noises": [0.003, 0.1]}
        return get_learner("gp", {"kernel": request.param, **options})


class TestMLP(LearnerSuite):
    rtol = 0.05  # training multiplies rounding
    sees_inputs_early = True  # components of the features
    model_rtol = 1e-4

    @pytest.fixture(params=["all", "choose"])
    def learner(self, request):
        pytest.importorskip("jax")
        options = {"width": 32, "inputs": 8, "min_steps": 300, "layers": 1, "ensemble": 2}
        return get_learner("mlp", {"fine_tune": request.param, **options})


class TestLowRankGP(LearnerSuite):
    """Landmarks fewer than rows; of the sizes 10, 30, 90 only the first is exact."""

    sees_inputs_early = True  # landmarks

    @pytest.fixture(params=["laplacian", "matern32"])
    def learner(self, request):
        options = {"lengths": [0.5, 2.0], "noises": [0.003, 0.1], "kernel": request.param}
        return get_learner("gp", {"method": "low-rank", "rank": 60, "exact_rows": 20, **options})


class TestBoosted(LearnerSuite):
    @pytest.fixture
    def learner(self):
        return get_learner("boosted", {"trees": 30, "lengths": [0.5, 2.0], "noises": [0.003, 0.1]})


class TestBlend(LearnerSuite):
    """With the linear part; of the sizes 10, 30, 90 the process stops short of the last."""

    @pytest.fixture
    def learner(self):
        options = {"trees": 30, "lengths": [0.5, 2.0], "noises": [0.003, 0.1]}
        return get_learner("blend", {"linear": [0.0, 1.0], "process_rows": 60, **options})


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("forest", {}, r"learner\.name: got 'forest', expected one of gp, boosted, blend, mlp"),
        ("gp", {"kernal": "rbf"}, r"learner\.kernal: got 'rbf'"),
        ("gp", {"kernel": "cubic"}, r"learner\.kernel: got 'cubic'.*'laplacian'"),
        ("gp", {"noises": [0.1, -1]}, r"learner\.noises\.1: got -1.*greater than 0"),
        ("gp", {"lengths": []}, r"learner\.lengths"),
    ],
)
def test_a_wrong_learner_or_option_is_named(name, options, message):
    with pytest.raises(ConfigError, match=message):
        get_learner(name, options)


def test_every_name_is_a_learner():
    assert {get_learner(name, {}).name for name in names()} == set(names())

"""Learners from elsewhere: found, given options, and their failures kept to their cells."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from forescale.errors import ConfigError
from forescale.learners import CellLearner, Grid, get_learner
from forescale.learners.testing import LearnerSuite, transfer_data
from forescale.splits import Split

MODULE = """
from dataclasses import dataclass
from pydantic import BaseModel, ConfigDict

class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")
    depth: int = 3

class Modelled:
    name = "modelled"
    Options = Options
    def __init__(self, options): self.options = options
    def prepare(self, data, folder): ...

@dataclass
class Plain:
    width: int
    rate: float = 0.1
    name = "plain"
    def __post_init__(self):
        if self.rate <= 0:
            raise ValueError("rate is not above zero")
    def prepare(self, data, folder): ...

def not_a_learner(): return 3
"""


class Shift:
    """A pre-trained model and a constant."""

    def __init__(self, base, offset):
        self.base, self.offset = base, offset

    def predict(self, features):
        return self.base.predict(features) + self.offset


class Linear(CellLearner):
    name = "linear"

    def pretrain(self, features, values, seed):
        return Ridge(1.0).fit(features, values)

    def fine_tune(self, base, features, values, seed):
        if base is None:
            return self.pretrain(features, values, seed)
        residual = values - base.predict(features)
        return Shift(base, residual.mean())


class Fragile(Linear):
    """Fails to pre-train on 30, to fine-tune from 10 on 5; predicts nonsense from 90 on 25."""

    def pretrain(self, features, values, seed):
        if len(values) == 30:
            raise ZeroDivisionError("thirty is too many")
        return super().pretrain(features, values, seed)

    def fine_tune(self, base, features, values, seed):
        if base is not None and len(values) == 5 and base.coef_.any():
            raise RuntimeError("five are\ntoo few")
        found = super().fine_tune(base, features, values, seed)
        return Shift(found, np.nan) if base is not None and len(values) == 25 else found


class TestLinear(LearnerSuite):
    @pytest.fixture
    def learner(self):
        return Linear()


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "somebodys_learners.py").write_text(MODULE)
    (tmp_path / "broken_learners.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    return "somebodys_learners"


def test_a_class_gets_its_options_as_arguments_or_as_a_model(module):
    assert get_learner(f"{module}:Plain", {"width": 7}).width == 7
    assert get_learner(f"{module}:Modelled", {"depth": 5}).options.depth == 5
    assert get_learner(f"{module}:Modelled", {}).options.depth == 3


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (":Plain", {"widht": 7}, r"learner\.widht: got 7; expected one of width, rate"),
        (":Plain", {}, r"learner\.width: is required"),
        (":Plain", {"width": 7, "rate": 0}, "ValueError: rate is not above zero"),
        (":Modelled", {"width": 7}, r"learner\.width: got 7; expected one of depth"),
        (":Modelled", {"depth": "deep"}, r"learner\.depth: got 'deep'"),
        (":Absent", {}, r"cannot be imported.*PYTHONPATH"),
        (".absent:Plain", {}, r"cannot be imported.*PYTHONPATH"),
        (":not_a_learner", {}, r"is no learner.*'prepare'"),
        ("", {}, r"expected one of gp.*or 'module:Class'"),
    ],
)
def test_what_is_wrong_is_named(module, name, options, message):
    with pytest.raises(ConfigError, match=message):
        get_learner(module + name, options)


def test_a_module_that_fails_says_where(module):
    message = r"fails when imported: ZeroDivisionError.*broken_learners\.py, line 1"
    with pytest.raises(ConfigError, match=message):
        get_learner("broken_learners:Any", {})


def test_an_installed_package_announces_its_learners(module, tmp_path):
    folder = tmp_path / "somebodys-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: somebodys\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(f"[forescale.learners]\nforest = {module}:Plain\n")
    from forescale.learners import names

    assert "forest" in names()
    assert get_learner("forest", {"width": 2}).name == "plain"


def test_a_failing_cell_is_lost_alone_with_its_reason(tmp_path):
    data, grid = transfer_data(), Grid(np.array([10, 30, 90]), np.array([5, 10, 25]))
    rng = np.random.default_rng(1)
    target = rng.permutation(60)
    split = Split(rng.permutation(120), target[:30], target[30:])
    whole = Linear().prepare(data, tmp_path).predict(split, grid, seed=0)
    found = Fragile().prepare(data, tmp_path).predict(split, grid, seed=0)
    failed = {(30, 0), (30, 5), (30, 10), (30, 25), (10, 5), (90, 5), (10, 25), (90, 25)}
    assert set(found.lost) == failed
    assert found.lost[30, 10].startswith("ZeroDivisionError: thirty is too many (test_plugins.py")
    assert found.lost[10, 5].startswith("RuntimeError: five are too few (")
    assert "30 of 30 predictions are not finite" in found.lost[90, 25]
    for row, n in enumerate((0, 10, 30, 90)):
        for column, m in enumerate((0, 5, 10, 25)):
            expected = np.nan if (n, m) in failed else whole.mean[row, column]
            assert np.array_equal(found.mean[row, column] * 1.0, expected * np.ones(30), True)

"""A run with its laws, and the model that it keeps, ready to answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from forescale.drawing.interactive import Plotly
from forescale.laws import JointLaw, RunLaws
from forescale.planning import Kept
from forescale.prediction import Nearest, Predictor
from forescale.report.contents import Contents
from forescale.report.figures import surface

if TYPE_CHECKING:
    from forescale.face import Run


@dataclass
class Opened:
    """A run with its laws and its plan.

    Attributes
    ----------
    at, run
        How pages name it, and the run itself.
    contents
        What the report's figures and answers are made of.
    kept
        What plans of it share, so that a slider is answered at once.
    """

    at: str
    run: Run
    contents: Contents

    def __post_init__(self) -> None:
        self.kept = Kept()
        self._grounds: dict[str, Plotly] = {}

    @classmethod
    def of(cls, at: str, run: Run) -> Opened:
        """Fit the laws of a run and plan as its study file asks: what its page says."""
        return cls(at, run, Contents.read(run.path, run.plan()))

    def ground(self, law: JointLaw) -> Plotly:
        """Error over (n, m) as it is drawn below the answers of a plan; made once."""
        metric = law.metric or ""
        if metric not in self._grounds:
            table = surface.data(self.kept.surface(law))
            label = self.contents.label(metric)
            self._grounds[metric] = surface.ground(table, label, self.contents.unit)
        return self._grounds[metric]

    @property
    def laws(self) -> RunLaws:
        """The laws, fitted once."""
        return self.run.fitted


@dataclass(frozen=True)
class Model:
    """The model that a run keeps, with the materials it has learnt from.

    Attributes
    ----------
    predictor
        Predicts new materials.
    nearest
        Materials learnt from, with their values; None of models of earlier releases.
    """

    predictor: Predictor
    nearest: Nearest | None

    @classmethod
    def load(cls, run: Path) -> Model:
        """Load the model of a run.

        Raises
        ------
        ModelError
            If it keeps none, or it cannot be restored.
        """
        return cls(Predictor.load(run), Nearest.load(run))

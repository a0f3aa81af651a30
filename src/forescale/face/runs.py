"""Runs of studies, from Python: the same folder, the same numbers as the command line."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from forescale import workflow
from forescale.drawing import interactive, paper
from forescale.errors import RunFolderError
from forescale.laws import Law, RunLaws
from forescale.planning import Plan, make_plan
from forescale.prediction import Predictor
from forescale.report import figures
from forescale.report.citing import Citing, citing
from forescale.report.contents import Contents
from forescale.study import Manifest, RunFolder, Study, load_study, summarise
from forescale.words import title_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as PlotlyFigure

OnError = Literal["raise", "skip"]


def run(
    study: Study | str | Path,
    path: str | Path,
    *,
    workers: int = 1,
    on_error: OnError = "raise",
    target_error: float | None = None,
    model: bool = True,
    show_progress: bool = True,
) -> Run:
    """Run or resume a study in a folder; fit, plan, report and keep the predictor.

    Parameters
    ----------
    study
        A study, or the path of a study file.
    path
        Run folder, created if need be. The same study in the same folder goes on.
    workers
        Processes; the numbers do not depend on it.
    on_error
        ``"skip"`` sets bad rows of the study's files aside in ``rejects.csv``.
    target_error
        Error that the plan is asked for, in the target's unit.
    model
        Also train and keep the predictor of new materials.
    show_progress
        Bars on standard error.

    Examples
    --------
    >>> import forescale as fs
    >>> done = fs.run("study.toml", "runs/density", workers=2)  # doctest: +SKIP
    """
    study = study if isinstance(study, Study) else load_study(study)
    finished = workflow.run_study(
        study,
        Path(path),
        workers=workers,
        on_error=on_error,
        target_error=target_error,
        model=model,
        show_progress=show_progress,
    )
    return Run(finished.folder.path)


def open_run(path: str | Path) -> Run:
    """Open the folder of a finished run.

    Raises
    ------
    RunFolderError
        If the folder is no run, or nothing of it is finished.
    """
    found = Run(Path(path))
    if found.manifest and not found.folder.done()[0]:
        raise RunFolderError(f"{path}: no finished replicate; run the study first")
    return found


class Run:
    """A run folder: errors, laws, plan, figures, page and predictor.

    Parts are read when they are first asked for, and kept.

    Parameters
    ----------
    path
        The folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.folder = RunFolder(self.path)

    @cached_property
    def manifest(self) -> Manifest:
        """What was studied, with what and where."""
        return self.folder.manifest

    @property
    def study(self) -> Study:
        """The study, as it was run."""
        return self.manifest.study

    @property
    def unit(self) -> str:
        """Unit of measured values and of errors; empty for a pure number."""
        return self.manifest.metric_unit

    @cached_property
    def errors(self) -> pd.DataFrame:
        """All errors: columns replicate, n_source, n_target, metric, value.

        ``n_source`` 0 is the scratch baseline, ``n_target`` 0 the zero-shot one.
        """
        return self.folder.errors()

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Mean errors: learner, n_source, n_target, metric, mean, std_error, replicates."""
        return summarise(self.errors, self.study.learner.name)

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """Test predictions at the largest n and m: key, measured, predicted, std, scratch."""
        return self.folder.predictions()

    @cached_property
    def fitted(self) -> RunLaws:
        """Laws and joint laws with their unit, as the page and the plan have them."""
        return RunLaws.of(self.folder)

    @property
    def laws(self) -> tuple[Law, ...]:
        """One law for each metric that is an error and each m, zero-shot (m = 0) first."""
        return self.fitted.laws

    def law(self, metric: str | None = None, m: int | None = None) -> Law:
        """One law.

        Parameters
        ----------
        metric
            ``rmse`` or ``mae``; the study's first, by default.
        m
            How many measured values; the most, by default.

        Raises
        ------
        DataError
            If there is no such law; names those that there are.
        """
        leading = self.fitted.leading()
        metric = metric or leading.metric
        found = self.fitted.only(metric, m)
        return found.leading()

    def plan(
        self,
        target_error: float | Sequence[float] | None = None,
        *,
        cost_source: float | None = None,
        cost_target: float | None = None,
        budget: float | None = None,
        matters: float | None = None,
        batch: float | None = None,
    ) -> Plan:
        """What to compute and what to measure next.

        What is not said is as the study file has it, so that a plan without arguments is
        that of ``plan.json`` and of the page.

        Parameters
        ----------
        target_error
            Error to reach, or several, in the target's unit.
        cost_source, cost_target, budget
            Cost of one computed and of one measured value, and what there is to spend.
        matters, batch
            Fall of the error that is worth a batch of computed values, and its size.
        """
        asked: dict[str, Any] = {
            "cost_source": cost_source, "cost_target": cost_target, "budget": budget,
            "matters": matters, "batch": batch,
        }  # fmt: skip
        asked = {key: value for key, value in asked.items() if value is not None}
        if target_error is not None:
            several = [target_error] if isinstance(target_error, int | float) else target_error
            asked["target_errors"] = tuple(float(value) for value in several)
        return make_plan(self.fitted, workflow.questions_of(self.study, **asked))

    def predictor(self, *, workers: int = 1) -> Predictor:
        """The predictor of new materials; trained first where the run kept none.

        Raises
        ------
        ModelError
            If it is damaged, of other versions, or can be neither found nor made.
        """
        return workflow.load_predictor(self.path, workers=workers)

    @property
    def report(self) -> Path:
        """The page, written if it is not there."""
        page = self.path / "report.html"
        if not page.is_file():
            workflow.conclude(self.folder)
        return page

    @cached_property
    def _contents(self) -> Contents:
        return Contents.read(self.path, self.plan())

    def cite(self) -> Citing:
        """What a paper needs: ``sentence``, ``bibtex``, ``latex``, and what has no reference."""
        return citing(self._contents)

    def plot_law(self, metric: str | None = None, *, m: int | None = None) -> Figure:
        """The law with its forecast over the measured means, for a paper.

        Parameters
        ----------
        metric
            ``rmse`` or ``mae``; the study's first, by default.
        m
            How many measured values; a panel for each of up to six, by default.
        """
        metric = self._metric(metric)
        table = figures.law.data(self._contents, metric)
        if m is not None:
            table = table[table["n_target"] == self.law(metric, m).n_target]
        with paper.paper_style():
            return figures.law.draw(self._contents, table, metric)

    def plotly_law(self, metric: str | None = None, *, m: int | None = None) -> PlotlyFigure:
        """One law of the page, as a Plotly figure; the most measured values by default."""
        metric = self._metric(metric)
        table = figures.law.data(self._contents, metric)
        size = self.law(metric, m).n_target or 0
        return interactive.plotly(figures.law.chart(self._contents, table, metric, size))

    def plot_learning_curves(self, metric: str | None = None) -> Figure:
        """Mean error over n for every m, with its interval and scratch, for a paper."""
        metric = self._metric(metric)
        table = figures.learning_curves.data(self._contents, metric)
        with paper.paper_style():
            return figures.learning_curves.draw(self._contents, table, metric)

    def plotly_learning_curves(self, metric: str | None = None) -> PlotlyFigure:
        """The learning curves of the page, as a Plotly figure."""
        metric = self._metric(metric)
        table = figures.learning_curves.data(self._contents, metric)
        return interactive.plotly(figures.learning_curves.chart(self._contents, table, metric))

    def plot_grid(self, metric: str | None = None) -> Figure:
        """Mean error in every cell (n, m), for a paper."""
        metric = self._metric(metric)
        table = figures.heatmap.data(self._contents, metric)
        with paper.paper_style():
            return figures.heatmap.draw(self._contents, table, metric)

    def plot_parity(self) -> Figure:
        """Predicted over measured values of test materials, for a paper."""
        table = figures.parity.data(self._contents)
        with paper.paper_style():
            return figures.parity.draw(self._contents, table)

    def _metric(self, metric: str | None) -> str:
        return str(self.law(metric).metric)

    def __repr__(self) -> str:
        """Return the folder with what it holds."""
        return f"Run({str(self.path)!r})"

    def _repr_html_(self) -> str:
        """Return the laws as a table, for a notebook."""
        title = f"{title_of(self.manifest.name)} – {self.path}"
        if self.fitted.unfinished:
            title += f". Not finished. {self.fitted.unfinished}"
        return self.fitted.as_html(title)

"""The main job: a study file becomes errors, laws, a plan and a page, in one folder."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from forescale._machine.executors import Workers
from forescale._machine.files import write_text
from forescale._machine.plugins import RECEIVED, Trust
from forescale._machine.progress import say
from forescale.doubt import Doubt, concentration, in_words, keep_doubts, refuse
from forescale.errors import ConfigError, ModelError, RunFolderError
from forescale.labels import DoubtPolicy
from forescale.laws import RunLaws
from forescale.learners import Learner, TakesSources, TakesTasks, get_learner
from forescale.metrics import Metric
from forescale.planning import Plan, Questions, make_plan
from forescale.prediction import ModelFolder, Predictor, make_model
from forescale.splits import Testing
from forescale.study import (
    Design,
    RunFolder,
    Study,
    as_begun,
    load_data,
    run_replicates,
    sized,
    summarise,
)
from forescale.study.trust import check_names
from forescale.tables.reading import OnError


@dataclass(frozen=True)
class Conclusion:
    """What a run came to."""

    folder: RunFolder
    summary: pd.DataFrame
    laws: RunLaws
    plan: Plan
    model: Path | None = None

    def to_json(self) -> dict[str, Any]:
        """The keys that ``forescale run --json`` prints."""
        summary = self.summary.astype(object).where(self.summary.notna(), None)
        return {
            "run": str(self.folder.path),
            "summary": summary.to_dict("records"),
            "laws": [law.to_json() for law in self.laws.laws],
            **self.laws.sources_to_json(),
            "model": None if self.model is None else str(self.model),
            "unfinished": self.laws.unfinished or None,
        }


def run_study(
    study: Study,
    path: Path,
    *,
    workers: Workers = 1,
    on_error: OnError = "raise",
    show_progress: bool = True,
    target_error: float | None = None,
    model: bool = True,
    doubt: DoubtPolicy = DoubtPolicy.TELL,
) -> Conclusion:
    """Run or resume a study in a folder, then fit, plan and report.

    Parameters
    ----------
    study
        What to run.
    path
        Run folder, created if need be.
    workers
        Processes here, or a place to work (an executor); the numbers do not depend on it.
    on_error
        ``"skip"`` sets bad rows of the study's files aside in ``rejects.csv``.
    target_error
        Error that the plan is asked for, in the target's unit.
    model
        Also train and keep the predictor of new materials.
    doubt
        ``"refuse"`` stops before anything is computed where a value of the study's
        tables can hardly be what it says; ``"tell"`` names it.

    Raises
    ------
    DataError
        If a table is unusable, or doubtful and doubt is refused.
    """
    data = load_data(study, on_error=on_error, workers=workers, show_progress=show_progress)
    # What does not fit is refused before a folder remembers it.
    if doubt == DoubtPolicy.REFUSE:
        refuse(data.doubts, study.name)
    for line in [*data.source.notes, *data.target.notes, *_doubts(data.doubts)]:
        say(line)
    study = sized(as_begun(study, path), data)
    _check_learner(study, get_learner(study.learner.name, study.learner.options))
    design = Design.of(study, data, RunFolder(path).grid_of(study))
    with RunFolder(path).locked():
        _tell_older(path)
        folder = RunFolder.open(path, study, data, design)
        with folder.writing():
            keep_doubts(path, data.doubts)
        took = run_replicates(
            study, data, folder, design=design, workers=workers, show_progress=show_progress
        )
        if model:
            try:
                make_model(
                    study, data, folder, workers=workers, show_progress=show_progress, took=took
                )
            except ModelError as error:
                say(f"No model is kept: {error}")
        return conclude(folder, target_error=target_error)


def _tell_older(path: Path) -> None:
    """Say that what is resumed has other numbers than what comes."""
    folder = RunFolder(path)
    if folder.manifest_path.is_file() and (release := folder.manifest.older_release):
        say(
            f"{path} was begun by forescale {release}: learners give other numbers since, so that "
            "further replicates are not like its own, unless the study's learner has the "
            "options that the changelog names"
        )


def _doubts(doubts: Sequence[Doubt]) -> list[str]:
    """Doubtful values of the user's own tables, and how many those of the catalog have."""
    of_catalog = Counter(doubt.dataset for doubt in doubts if doubt.dataset)
    return [
        *in_words([doubt for doubt in doubts if not doubt.dataset]),
        *(
            f"{name}: {many} doubtful value{'s' if many > 1 else ''}, named on the page"
            for name, many in of_catalog.items()
        ),
    ]


def _check_learner(study: Study, learner: Learner) -> None:
    """Refuse a learner that cannot take what the study's sources are."""
    if study.apart and not isinstance(learner, TakesSources):
        raise ConfigError(
            f"source: got {len(study.apart)} of the property, but the learner {learner.name} takes "
            "one; say merge = true to learn from them as from one table, or use a learner that "
            "keeps them apart, such as gp, boosted or blend"
        )
    tasks = sorted({spec.task for spec in study.source if spec.task is not None})
    if tasks and not isinstance(learner, TakesTasks):
        raise ConfigError(
            f"source.task: got {', '.join(tasks)}, but the learner {learner.name} learns one "
            "property alone; use one that takes several, such as mlp"
        )


def conclude(folder: RunFolder, *, target_error: float | None = None) -> Conclusion:
    """Laws, plan and report of the replicates in a run folder."""
    from forescale.report import write_report

    manifest, errors = folder.manifest, folder.errors()
    summary = summarise(errors, manifest.study.learner.name)
    laws = RunLaws.of(folder)
    asked = {} if target_error is None else {"target_errors": (target_error,)}
    plan = make_plan(laws, questions_of(manifest.study, **asked))
    kept = ModelFolder(folder.path / "model")
    model = kept.path if kept.exists() else None
    finished = Conclusion(folder, summary, laws, plan, model)
    if (few := concentration(folder.predictions())) is not None:
        say(few.sentence)
    with folder.writing():
        write_text(folder.path / "summary.csv", summary.to_csv(index=False))
        write_text(folder.path / "law.json", _json([law.to_json() for law in laws.laws]))
        if several := laws.sources_to_json():
            write_text(folder.path / "source-laws.json", _json(several))
        write_text(folder.path / "plan.json", _json(plan.to_json()))
        write_report(folder.path, plan)
    return finished


def as_published(study: Study) -> Study:
    """A study as papers run it.

    Mean absolute error first, 100 trials or as many as its file asks for if more, test sets
    drawn at random unless it says otherwise: Minami et al., npj Comput. Mater. 11, 146 (2025),
    doi 10.1038/s41524-025-01606-5.
    """
    evaluation, asked = study.evaluation, study.evaluation.metrics
    metrics = (Metric.MAE, *(metric for metric in asked if metric is not Metric.MAE))
    change: dict[str, Any] = {"metrics": metrics}
    if "test" not in evaluation.model_fields_set:
        change["test"] = Testing.RANDOM
    judged = evaluation.model_copy(update=change)
    return study.model_copy(update={"evaluation": judged, "replicates": max(study.replicates, 100)})


def published_figure(folder: RunFolder) -> list[Path]:
    """Write the figure of papers, and its numbers, of a run's first error; return the files."""
    from forescale.report.page import write_published

    manifest = folder.manifest
    metrics = [metric for metric in manifest.study.evaluation.metrics if metric.is_error]
    with folder.writing():
        return write_published(
            folder.path, folder.errors(), str(metrics[0]), manifest.metric_unit, manifest.seed
        )


def recorded(run: Path) -> RunFolder:
    """Return a run folder that can be read.

    Raises
    ------
    RunFolderError
        If it is none, or damaged.
    """
    folder = RunFolder(run)
    try:
        folder.errors()
        _ = folder.manifest
    except (OSError, ValueError, TypeError) as reason:
        raise RunFolderError(f"{run} is not a readable run folder: {reason}") from None
    return folder


def questions_of(study: Study, **asked: Any) -> Questions:
    """What is asked of the plan of a run; what is not said is as its study file has it.

    Parameters
    ----------
    asked
        Fields of `Questions`.
    """
    said = {} if study.plan is None else study.plan.model_dump(exclude_none=True)
    said["target_errors"] = said.pop("target_error", ())
    return Questions(**{**said, **asked})


def load_predictor(
    run: Path, *, workers: Workers = 1, show_progress: bool = True, trust: Trust = RECEIVED
) -> Predictor:
    """The model of a run; trained first if the run kept none, which needs the study's data.

    Parameters
    ----------
    trust
        Which learners and descriptors of the form ``module:Class`` the run may name: by
        default none, for it may have come from anybody.

    Raises
    ------
    ModelError
        If the model is damaged, of other versions, or can be neither found nor made.
    """
    folder = RunFolder(run)
    if not ModelFolder.find(run).exists() and folder.manifest_path.is_file():
        study = folder.manifest.study
        check_names(study, trust)
        say(f"{run}: keeps no model yet; it is trained now, from the study's data")
        data = load_data(study, on_error="skip", workers=workers, show_progress=show_progress)
        with folder.locked():
            whole = RunFolder.open(run, study, data)
            make_model(study, data, whole, workers=workers, show_progress=show_progress)
    return Predictor.load(run, trust=trust)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, allow_nan=False) + "\n"

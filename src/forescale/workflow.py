"""The main job: a study file becomes errors, laws, a plan and a page, in one folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from forescale._files import write_text
from forescale._progress import say
from forescale.errors import ConfigError, ForescaleError, ModelError
from forescale.laws import JointLaw, Law, study_joint, study_laws
from forescale.learners import Learner, get_learner
from forescale.planning import Plan, make_plan
from forescale.prediction import ModelFolder, Predictor, make_model
from forescale.study import RunFolder, Study, load_data, load_study, run_replicates, summarise
from forescale.tables.reading import OnError


@dataclass(frozen=True)
class Finished:
    """What a run came to."""

    folder: RunFolder
    summary: pd.DataFrame
    laws: list[Law]
    plan: Plan
    model: Path | None = None

    def to_json(self) -> dict[str, Any]:
        """The keys that ``forescale run --json`` prints."""
        summary = self.summary.astype(object).where(self.summary.notna(), None)
        return {
            "run": str(self.folder.path),
            "summary": summary.to_dict("records"),
            "laws": [law.to_json() for law in self.laws],
            "model": None if self.model is None else str(self.model),
        }


def run_study(
    study: Study,
    path: Path,
    *,
    workers: int = 1,
    on_error: OnError = "raise",
    show_progress: bool = True,
    target_error: float | None = None,
    model: bool = True,
) -> Finished:
    """Run or resume a study in a folder, then fit, plan and report.

    Parameters
    ----------
    study
        What to run.
    path
        Run folder, created if need be.
    workers
        Processes; the numbers do not depend on it.
    on_error
        ``"skip"`` sets bad rows of the study's files aside in ``rejects.csv``.
    target_error
        Error that the plan is asked for, in the target's unit.
    model
        Also train and keep the predictor of new materials.
    """
    data = load_data(study, on_error=on_error, workers=workers, show_progress=show_progress)
    # What does not fit is refused before a folder remembers it.
    _check_tasks(study, get_learner(study.learner.name, study.learner.options))
    data.grid(study)
    folder = RunFolder.open(path, study, data)
    run_replicates(study, data, folder, workers=workers, show_progress=show_progress)
    if model:
        try:
            make_model(study, data, folder, workers=workers, show_progress=show_progress)
        except ModelError as error:
            say(f"No model is kept: {error}")
    return conclude(folder, target_error=target_error)


def _check_tasks(study: Study, learner: Learner) -> None:
    tasks = sorted({spec.task for spec in study.source if spec.task is not None})
    if tasks and not getattr(learner, "takes_tasks", False):
        raise ConfigError(
            f"source.task: got {', '.join(tasks)}, but the learner {learner.name} learns one "
            "property alone; use one that takes several, such as mlp"
        )


def conclude(folder: RunFolder, *, target_error: float | None = None) -> Finished:
    """Laws, plan and report of the replicates in a run folder."""
    from forescale.report import write_report

    manifest, errors = folder.manifest, folder.errors()
    summary = summarise(errors, manifest["study"]["learner"]["name"])
    floor, seed = manifest["noise_floor"], manifest["seed"]
    laws = study_laws(
        errors, noise_floor=floor, seed=seed, half_capacity=folder.half_capacity_errors()
    )
    joint = _joint(errors, floor, seed)
    plan = make_plan(laws, joint=joint, target_error=target_error, unit=manifest["metric_unit"])
    kept = ModelFolder(folder.path / "model")
    model = kept.path if kept.exists() else None
    finished = Finished(folder, summary, laws, plan, model)
    with folder.writing():
        write_text(folder.path / "summary.csv", summary.to_csv(index=False))
        write_text(folder.path / "law.json", _json([law.to_json() for law in laws]))
        write_text(folder.path / "plan.json", _json(plan.to_json()))
        write_report(folder.path, laws, plan)
    return finished


def load_predictor(run: Path, *, workers: int = 1, show_progress: bool = True) -> Predictor:
    """The model of a run; trained first if the run kept none, which needs the study's data.

    Raises
    ------
    ModelError
        If the model is damaged, of other versions, or can be neither found nor made.
    """
    folder = RunFolder(run)
    if not ModelFolder.find(run).exists() and folder.manifest_path.is_file():
        say(f"{run}: keeps no model yet; it is trained now, from the study's data")
        study = load_study(run / "study.toml")
        data = load_data(study, on_error="skip", workers=workers, show_progress=show_progress)
        whole = RunFolder.open(run, study, data)
        make_model(study, data, whole, workers=workers, show_progress=show_progress)
    return Predictor.load(run)


def _joint(errors: pd.DataFrame, floor: float | None, seed: int) -> list[JointLaw]:
    """The law over n and m, where the grid has enough of both."""
    try:
        return study_joint(errors, noise_floor=floor, seed=seed, backtest=False)
    except ForescaleError:
        return []


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, allow_nan=False) + "\n"

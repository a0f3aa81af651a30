"""Where a loop stands, read from its folder: also while it runs, also after it was killed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from forescale.catalog import get_entry
from forescale.errors import ForescaleError, LawError, RunFolderError
from forescale.growth.config import ArmConfig, LoopConfig
from forescale.growth.decisions import FEWEST_SIZES
from forescale.growth.folder import LoopFolder
from forescale.laws import Law, fit_law
from forescale.simulation.standing import campaign_standing


@dataclass(frozen=True)
class ArmStanding:
    """Where an arm of a loop stands.

    Attributes
    ----------
    name, engine, order
        As in the loop file.
    n, error
        Values that it has, and its error with them; None where there is none.
    law
        Of its error so far; None while there are too few sizes.
    campaign
        Its campaign, as `campaign_standing` tells it; None before it begins.
    """

    name: str
    engine: str
    order: str
    n: int
    error: float | None
    law: Law | None
    campaign: Mapping[str, Any] | None


@dataclass(frozen=True)
class LoopStanding:
    """Where a loop stands.

    Attributes
    ----------
    config
        As it was run last.
    unit
        Of its errors.
    rounds
        Records of all finished rounds, oldest first.
    following
        What is decided next: action, arm, count, reason; None before the first round.
    spent
        Of the budget.
    error
        The lowest of all arms; None where there is none.
    arms
        Each of them.
    """

    config: LoopConfig
    unit: str
    rounds: tuple[dict[str, Any], ...]
    following: Mapping[str, Any] | None
    spent: float
    error: float | None
    arms: tuple[ArmStanding, ...]


def loop_standing(path: Path) -> LoopStanding:
    """Rounds, arms with their laws and campaigns, and the decision of a loop.

    Raises
    ------
    RunFolderError
        If the folder is no loop, or damaged.
    """
    folder = LoopFolder(path)
    if not (path / "loop.toml").is_file():
        raise RunFolderError(f"{path}: is no loop (no loop.toml)")
    config = LoopConfig.from_toml(path / "loop.toml")
    rounds, errors = folder.rounds(), folder.errors()
    last = rounds[-1] if rounds else None
    return LoopStanding(
        config=config,
        unit=_unit(config),
        rounds=tuple(rounds),
        following=None if last is None else last["next"],
        spent=0.0 if last is None else float(last["cost"]),
        error=None if last is None else last["error"],
        arms=tuple(_arm(folder, config, arm, errors, last) for arm in config.arm),
    )


def arm_law(errors: pd.DataFrame, arm: str, m: int, config: LoopConfig) -> Law | None:
    """The law of an arm's errors at m measured values; None while there are too few sizes.

    Parameters
    ----------
    errors
        Columns arm, replicate, n_source, n_target, value.
    """
    mine = (errors["arm"] == arm) & (errors["n_source"] > 0) & (errors["n_target"] == m)
    curve = errors[mine]
    complete = curve.groupby("n_source")["replicate"].transform("count")
    curve = curve[complete == complete.max()] if len(curve) else curve
    if curve["n_source"].nunique() < FEWEST_SIZES:
        return None
    try:
        return fit_law(
            curve["n_source"],
            curve["value"],
            curve["replicate"].to_numpy(),
            seed=config.seed,
            metric=config.judged.metric,
            n_target=m,
        )
    except LawError:
        return None


def _arm(
    folder: LoopFolder,
    config: LoopConfig,
    arm: ArmConfig,
    errors: pd.DataFrame,
    last: dict[str, Any] | None,
) -> ArmStanding:
    results = folder.arm(arm.name) / "results"
    m = int(errors["n_target"].max()) if len(errors) else 0
    return ArmStanding(
        name=arm.name,
        engine=arm.engine.name,
        order=arm.order,
        n=0 if last is None else int(last["n"].get(arm.name, 0)),
        error=None if last is None else last["errors"].get(arm.name),
        law=arm_law(errors, arm.name, m, config) if m else None,
        campaign=campaign_standing(results) if (results / "status.json").is_file() else None,
    )


def _unit(config: LoopConfig) -> str:
    """Unit of the target, as its source or the catalog says it."""
    target = config.target
    said = getattr(target, "unit", None)
    dataset = getattr(target, "dataset", None)
    if said is not None or dataset is None:
        return said or ""
    try:
        return get_entry(dataset).get_property(target.property)[1].unit
    except ForescaleError:
        return ""

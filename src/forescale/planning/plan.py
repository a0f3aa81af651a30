"""A plan: the answers of one study or table, as JSON and as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from forescale._threads import one_thread
from forescale.laws import JointLaw, Law, study_joint, study_laws
from forescale.planning.allocation import allocate
from forescale.planning.design import next_sizes
from forescale.planning.equivalence import (
    contour,
    equivalent_experiments,
    equivalent_simulations,
)
from forescale.planning.size import (
    attainable_limit,
    gain_per_cost,
    next_doubling,
    sample_size,
    stopping,
)
from forescale.planning.text import joint_lines, law_lines


@dataclass(frozen=True)
class Costs:
    """What the user says of money; each may be left open.

    Attributes
    ----------
    source, target
        Cost of one computed and of one measured value, in one unit.
    budget
        To split between the two.
    matters
        Smallest fall of the error worth a batch, in the metric's unit.
    batch
        Computed values in the next batch; default the largest size seen.
    """

    source: float | None = None
    target: float | None = None
    budget: float | None = None
    matters: float | None = None
    batch: float | None = None


@dataclass(frozen=True)
class Plan:
    """Answers for each law of a study, and for its joint laws.

    Attributes
    ----------
    laws, joint
        One JSON-able object of answers per law and per joint law.
    unit
        Unit of every error.
    """

    laws: list[dict[str, Any]]
    joint: list[dict[str, Any]] = field(default_factory=list)
    unit: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; "not reachable" is null with its probability beside it."""
        return {"metric_unit": self.unit, "laws": self.laws, "joint": self.joint}

    def to_text(self) -> list[str]:
        """Return lines for the terminal and the report."""
        blocks = [law_lines(answers, self.unit or "") for answers in self.laws]
        blocks += [joint_lines(answers, self.unit or "") for answers in self.joint]
        return [line for block in blocks for line in (*block, "")][:-1]


@one_thread
def make_plan(
    laws: Law | Iterable[Law] | Mapping[str, Law] | pd.DataFrame,
    *,
    joint: JointLaw | Sequence[JointLaw] | None = None,
    target_error: float | Iterable[float] | None = None,
    costs: Costs | None = None,
    unit: str | None = None,
    noise_floor: float | None = None,
    level: float = 0.9,
    seed: int = 0,
) -> Plan:
    """Answer the planning questions for one or more laws.

    Parameters
    ----------
    laws
        One law, several, a mapping from name to law, or the errors of a study (columns
        ``replicate``, ``n_source``, ``n_target``, ``metric``, ``value``), whose laws and
        joint laws are then fitted here.
    joint
        Joint laws, for equivalence and allocation.
    target_error
        Errors to reach, in the metric's unit. By default two per law: halfway, and nine
        tenths of the way, from the last error seen to the median limit.
    costs
        Costs, budget and what gain matters.
    unit
        Unit of the errors, for the text.
    noise_floor, level, seed
        Passed to the fits when errors are given.

    Examples
    --------
    >>> from forescale.laws import fit_law
    >>> n = 100 * 2.0 ** np.arange(8)
    >>> plan = make_plan(fit_law(n, 3 * n**-0.5 + 0.2), target_error=0.21)
    >>> plan.to_json()["laws"][0]["sample_size"][0]["target_error"]
    0.21
    """
    named: list[tuple[str | None, Law]]
    if isinstance(laws, Law):
        named = [(None, laws)]
    elif isinstance(laws, pd.DataFrame):
        options: dict[str, Any] = {"noise_floor": noise_floor, "level": level, "seed": seed}
        named = [(None, law) for law in study_laws(laws, **options)]
        joint = study_joint(laws, backtest=False, **options) if joint is None else joint
    elif isinstance(laws, Mapping):
        named = list(laws.items())
    else:
        named = [(None, law) for law in laws]
    several = [joint] if isinstance(joint, JointLaw) else list(joint or [])
    asked = [] if target_error is None else [float(t) for t in np.atleast_1d(target_error)]  # type: ignore[arg-type]
    money = costs or Costs()
    answers = [_law_answers(name, law, asked, money) for name, law in named]
    return Plan(answers, [_joint_answers(law, asked, money) for law in several], unit)


def _law_answers(name: str | None, law: Law, asked: list[float], costs: Costs) -> dict[str, Any]:
    last = float(law.curve.n[-1])
    answers = {
        "curve": name,
        "n_target": law.n_target,
        "metric": law.metric,
        "n_last": last,
        "last_value": float(law.curve.error[-1]),
        "flags": list(law.flags),
        "sample_size": [
            {"target_error": t, **sample_size(law, t).to_json()}
            for t in asked or _default_targets(law)
        ],
        "attainable_limit": attainable_limit(law),
        "next_doubling": next_doubling(law).to_json(),
        "next_size_to_run": next_sizes(law)[0],
    }
    if costs.source is not None:
        answers["gain_per_cost"] = gain_per_cost(law, costs.source).to_json()
    if costs.matters is not None:
        answers["stopping"] = stopping(law, costs.batch or last, costs.matters)
    return answers


def _default_targets(law: Law) -> list[float]:
    last, limit = float(law.curve.error[-1]), law.transfer_gap.estimate
    return [last - part * (last - limit) for part in (0.5, 0.9)]


def _joint_answers(law: JointLaw, asked: list[float], costs: Costs) -> dict[str, Any]:
    n, m = law.surface.corner
    here = float(law.predict(n, m).median[0])
    sizes = np.unique(law.surface.m)
    answers: dict[str, Any] = {
        "metric": law.metric,
        "n_source": n,
        "n_target": m,
        "error": here,
        "forms": law.forms,
        "simulations_per_experiment": equivalent_simulations(law, n, m, 1).to_json(),
        "simulations_for_doubled_experiments": equivalent_simulations(law, n, m, m).to_json(),
        "experiments_for_doubled_simulations": equivalent_experiments(law, n, m, n).to_json(),
        "contours": [
            {"error": error, "points": contour(law, error, np.append(sizes, 2 * m))}
            for error in asked or [here]
        ],
    }
    if costs.budget is not None and costs.source is not None and costs.target is not None:
        answers["allocation"] = allocate(law, n, m, costs.budget, costs.source, costs.target)
    return answers

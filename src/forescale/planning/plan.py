"""A plan: the answers of one study or table, as JSON and as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from forescale.laws import Law
from forescale.planning.size import attainable_limit, next_doubling, sample_size


@dataclass(frozen=True)
class Plan:
    """Answers for each law of a study.

    Attributes
    ----------
    laws
        One JSON-able object of answers per law.
    unit
        Unit of every error.
    """

    laws: list[dict[str, Any]]
    unit: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; "not reachable" is null with its probability beside it."""
        return {"metric_unit": self.unit, "laws": self.laws, **self.extra}

    def to_text(self) -> list[str]:
        """Return lines for the terminal and the report."""
        lines: list[str] = []
        for answers in self.laws:
            lines += [*_law_lines(answers, self.unit or ""), ""]
        return lines[:-1]


def make_plan(
    laws: Law | Iterable[Law] | Mapping[str, Law],
    *,
    target_error: float | Iterable[float] | None = None,
    unit: str | None = None,
) -> Plan:
    """Answer the planning questions for one or more laws.

    Parameters
    ----------
    laws
        One law, several, or a mapping from name to law.
    target_error
        Errors to reach, in the metric's unit. By default two per law: halfway, and nine
        tenths of the way, from the last error seen to the median limit.
    unit
        Unit of the errors, for the text.

    Examples
    --------
    >>> from forescale.laws import fit_law
    >>> n = 100 * 2.0 ** np.arange(8)
    >>> plan = make_plan(fit_law(n, 3 * n**-0.5 + 0.2), target_error=0.21)
    >>> plan.to_json()["laws"][0]["sample_size"][0]["target_error"]
    0.21
    """
    if isinstance(laws, Law):
        named: list[tuple[str | None, Law]] = [(None, laws)]
    elif isinstance(laws, Mapping):
        named = list(laws.items())
    else:
        named = [(None, law) for law in laws]
    asked = [] if target_error is None else [float(t) for t in np.atleast_1d(target_error)]  # type: ignore[arg-type]
    return Plan([_answers(name, law, asked) for name, law in named], unit)


def _answers(name: str | None, law: Law, asked: list[float]) -> dict[str, Any]:
    targets = asked or _default_targets(law)
    sizes = [{"target_error": t, **sample_size(law, t).to_json()} for t in targets]
    return {
        "curve": name,
        "n_target": law.n_target,
        "metric": law.metric,
        "n_last": float(law.curve.n[-1]),
        "last_value": float(law.curve.error[-1]),
        "flags": list(law.flags),
        "sample_size": sizes,
        "attainable_limit": attainable_limit(law),
        "next_doubling": next_doubling(law).to_json(),
    }


def _default_targets(law: Law) -> list[float]:
    last, limit = float(law.curve.error[-1]), law.transfer_gap.estimate
    return [last - part * (last - limit) for part in (0.5, 0.9)]


def _law_lines(answers: dict[str, Any], unit: str) -> list[str]:
    head = [f"{key} {answers[key]}" for key in ("curve", "metric") if answers[key] is not None]
    if answers["n_target"] is not None:
        head.append(f"m = {answers['n_target']}")
    lines = [", ".join(head) or "law"]
    lines.append(
        f"  error now       {_number(answers['last_value'])} {unit}"
        f" at n = {_number(answers['n_last'])}"
    )
    limit = answers["attainable_limit"]
    lines.append(f"  limit           {_interval(limit)} {unit}")
    gain = answers["next_doubling"]
    lines.append(f"  next doubling   lowers the error by {_interval(gain)} {unit}")
    for size in answers["sample_size"]:
        lines.append(
            f"  to reach {_number(size['target_error'])}  n = {_interval(size)};"
            f" not reachable with probability {size['probability_not_reachable']:.0%}"
        )
    if answers["flags"]:
        lines.append("  flags           " + ", ".join(answers["flags"]))
    return [line.rstrip() for line in lines]


def _interval(answer: dict[str, Any]) -> str:
    return f"{_number(answer['median'])} ({_number(answer['low'])} to {_number(answer['high'])})"


def _number(value: float | None) -> str:
    return "not reachable" if value is None else f"{value:.4g}"

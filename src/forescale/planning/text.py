"""A plan's answers in words, one line each."""

from __future__ import annotations

from typing import Any


def law_lines(answers: dict[str, Any], unit: str) -> list[str]:
    """Return the answers of one law as lines."""
    head = [f"{key} {answers[key]}" for key in ("curve", "metric") if answers[key] is not None]
    if answers["n_target"] is not None:
        head.append(f"m = {answers['n_target']}")
    limit, gain, run = (
        answers[key] for key in ("attainable_limit", "next_doubling", "next_size_to_run")
    )
    lines = [
        ", ".join(head) or "law",
        f"  error now       {number(answers['last_value'])} {unit}"
        f" at n = {number(answers['n_last'])}",
        f"  limit           {interval(limit)} {unit}",
    ]
    if limit["probability_no_limit_seen"] > 0.05:
        lines.append(
            "                  the data cannot tell it yet: no limit is in sight with"
            f" probability {limit['probability_no_limit_seen']:.0%}"
        )
    if "model_gap" in limit:
        lines.append(
            f"                  of it {interval(limit['model_gap'])} {unit} is model gap, the"
            f" rest scatter of measurements ({number(limit['noise_floor'])} {unit})"
        )
    lines.append(f"  next doubling   lowers the error by {interval(gain)} {unit}")
    for size in answers["sample_size"]:
        lines.append(
            f"  to reach {number(size['target_error'])}  n = {interval(size)}; enough with 90 %"
            f" probability: {number(size['enough_with_90_percent'])}; not reachable with"
            f" probability {size['probability_not_reachable']:.0%}"
        )
    if "gain_per_cost" in answers:
        lines.append(f"  per unit of cost {interval(answers['gain_per_cost'])} {unit}")
    if "stopping" in answers:
        lines.append(_stopping(answers["stopping"], unit))
    lines.append(
        f"  run next        n = {number(run['n_source'])}: takes {run['reduction']:.0%} off the"
        " variance of the forecast"
    )
    if answers["flags"]:
        lines.append("  flags           " + ", ".join(answers["flags"]))
    return [line.rstrip() for line in lines]


def joint_lines(answers: dict[str, Any], unit: str) -> list[str]:
    """Return the answers of one joint law as lines."""
    n, m = number(answers["n_source"]), number(answers["n_target"])
    one = answers["simulations_per_experiment"]
    back = answers["experiments_for_doubled_simulations"]
    lines = [
        f"{answers['metric'] or 'error'} against n and m, at n = {n}, m = {m}:"
        f" {number(answers['error'])} {unit}".rstrip(),
        f"  one experiment is worth {interval(one)} simulations; not reachable with"
        f" probability {one['probability_not_reachable']:.0%}",
        f"  doubling the simulations is worth {interval(back)} experiments; not reachable with"
        f" probability {back['probability_not_reachable']:.0%}",
    ]
    split = answers.get("allocation")
    if split:
        lines.append(
            f"  budget {number(split['budget'])}: {number(split['more_source'])} simulations and"
            f" {number(split['more_target'])} experiments reach {interval(split['error'])} {unit}"
        )
    return [line.rstrip() for line in lines]


def comparison_lines(answer: dict[str, Any]) -> list[str]:
    """Return a comparison of sources as lines."""
    lines = ["probability that a source is best, by total cost"]
    for row in answer["budgets"]:
        shares = ", ".join(f"{k} {v:.0%}" for k, v in row["probability_best"].items())
        lines.append(f"  {number(row['budget']):>10}  {shares}")
    for cross in answer["crossings"]:
        first, second = cross["sources"]
        never = cross["probability_not_reachable"]
        if never < 0.95:
            lines.append(
                f"  {first} and {second} cross at {interval(cross)};"
                f" never with probability {never:.0%}"
            )
        else:
            lines.append(f"  {first} and {second} do not cross (probability {never:.0%})")
    return lines


def learner_lines(answer: dict[str, Any], unit: str) -> list[str]:
    """Return a comparison of learners on one study, at one m, as lines."""
    m, paired = answer["n_target"], answer["paired"]
    lines = [
        f"{answer['metric']}{f' ({unit})' if unit else ''} of learners,"
        f" {f'm = {m}' if m else 'zero-shot'}, {paired} replicates paired;"
        " in brackets the probability of the lowest"
    ]
    cells = answer["cells"]
    for cell in (*cells, answer["ahead"]):
        n, shares = cell["n_source"], cell["probability_best"]
        found = {k: _mean(value) for k, value in cell["error"].items()}
        label = "scratch" if n == 0 else f"n = {number(n)}"
        values = ", ".join(f"{k} {text} ({shares[k]:.0%})" for k, text in found.items())
        lines.append(f"  {label:>13}  {values}{'' if cell in cells else '  foreseen'}")
    return lines


def _mean(error: Any) -> str:
    return interval(error) if isinstance(error, dict) else number(error)


def interval(answer: dict[str, Any]) -> str:
    """Return ``median (low to high)``."""
    return f"{number(answer['median'])} ({number(answer['low'])} to {number(answer['high'])})"


def number(value: float | None) -> str:
    """Return four digits, or "not reachable"."""
    return "not reachable" if value is None else f"{value:.4g}"


def _stopping(answer: dict[str, Any], unit: str) -> str:
    verdict = "stop" if answer["stop"] else "go on"
    return (
        f"  {verdict:<15} the next {number(answer['batch'])} values gain"
        f" {number(answer['matters'])} {unit} or more with probability"
        f" {answer['probability_worth_it']:.0%}"
    )

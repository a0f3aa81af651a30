"""What people read: on standard output, or on standard error beside ``--json``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forescale.laws import Law, Quantity
    from forescale.workflow import Finished

_FILE_WIDTH = 140  # columns where output goes to a file or pipe


def say(text: str, as_json: bool) -> None:
    """Print text for people."""
    from rich.console import Console

    Console(stderr=as_json).print(text, markup=False, highlight=False, soft_wrap=True)


def law_table(finished: Finished, as_json: bool) -> None:
    """Print errors and laws by the study's first metric, one row per number of measured values."""
    from rich.console import Console
    from rich.table import Table

    manifest = finished.folder.manifest
    unit = manifest["metric_unit"] or "no unit"
    console = Console(stderr=as_json)
    if not console.is_terminal:
        console = Console(stderr=as_json, width=_FILE_WIDTH)
    metric = _first(finished)[0].metric
    table = Table(title=f"{manifest['name']}: {metric} ({unit}), intervals at 90 %")
    sizes = finished.laws[0].curve.n
    heads = ("m", "scratch", f"n = {sizes[0]:g}", f"n = {sizes[-1]:g}", "decay rate")
    for head in (*heads, "transfer gap", "R²", "flags"):
        table.add_column(head, justify="left" if head == "flags" else "right")
    means = finished.summary[finished.summary["metric"] == metric].set_index(
        ["n_source", "n_target"]
    )["mean"]
    for law in _first(finished):
        m = law.n_target or 0
        table.add_row(
            str(m) if m else "0 (zero-shot)",
            f"{means[0, m]:.4g}" if m else "–",
            f"{law.curve.error[0]:.4g}",
            f"{law.curve.error[-1]:.4g}",
            _interval(law.decay_rate),
            _interval(law.transfer_gap),
            f"{law.r_squared:.3f}",
            ", ".join(law.flags),
        )
    console.print(table)
    floor = manifest["noise_floor"]
    if floor is not None:
        materials = manifest["noise_floor_materials"]
        say(f"Noise floor: {floor:.3g} {unit}, from repeats of {materials} materials", as_json)


def short_plan(finished: Finished, as_json: bool) -> None:
    """Print the plan for the largest number of measured values."""
    last = _first(finished)[-1]
    wanted = [
        answers
        for answers in finished.plan.laws
        if (answers["metric"], answers["n_target"]) == (last.metric, last.n_target)
    ]
    joint = [answers for answers in finished.plan.joint if answers["metric"] == last.metric]
    say("\n".join(replace(finished.plan, laws=wanted, joint=joint).to_text()), as_json)


def _first(finished: Finished) -> list[Law]:
    """Laws of the first metric of the study that has any, by ascending m."""
    asked = finished.folder.manifest["study"]["evaluation"]["metrics"]
    with_law = {law.metric for law in finished.laws}
    first = next(metric for metric in asked if metric in with_law)
    return [law for law in finished.laws if law.metric == first]


def _interval(quantity: Quantity) -> str:
    return f"{quantity.estimate:.3g} [{quantity.low:.3g}, {quantity.high:.3g}]"

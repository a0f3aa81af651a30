"""What people read: on standard output, or on standard error beside ``--json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forescale.laws import Quantity
    from forescale.workflow import Finished


def say(text: str, as_json: bool) -> None:
    """Print text for people."""
    from rich.console import Console

    Console(stderr=as_json).print(text, markup=False, highlight=False, soft_wrap=True)


def law_table(finished: Finished, as_json: bool) -> None:
    """Print errors and laws, one row per number of measured values."""
    from rich.console import Console
    from rich.table import Table

    manifest = finished.folder.manifest
    unit = manifest["metric_unit"] or "no unit"
    console = Console(stderr=as_json)
    for metric in dict.fromkeys(law.metric for law in finished.laws):
        table = Table(title=f"{manifest['name']}: {metric} ({unit}), 90 % intervals")
        for head in ("m", "scratch", "n min", "n max", "decay rate", "transfer gap", "R²", "flags"):
            table.add_column(head, justify="left" if head == "flags" else "right")
        means = finished.summary[finished.summary["metric"] == metric].set_index(
            ["n_source", "n_target"]
        )["mean"]
        for law in finished.laws:
            if law.metric != metric:
                continue
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


def _interval(quantity: Quantity) -> str:
    return f"{quantity.estimate:.3g} [{quantity.low:.3g}, {quantity.high:.3g}]"

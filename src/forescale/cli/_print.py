"""What people read: on standard output, or on standard error beside ``--json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from forescale.laws import Law
    from forescale.workflow import Conclusion

_FILE_WIDTH = 140  # columns where output goes to a file or pipe


def say(text: str, as_json: bool) -> None:
    """Print text for people."""
    from rich.console import Console

    Console(stderr=as_json).print(text, markup=False, highlight=False, soft_wrap=True)


def console(as_json: bool) -> Console:
    """Where tables are printed; a file or pipe is as wide as they need."""
    from rich.console import Console

    found = Console(stderr=as_json)
    return found if found.is_terminal else Console(stderr=as_json, width=_FILE_WIDTH)


def law_table(finished: Conclusion, as_json: bool) -> None:
    """Print errors and laws by the study's first metric, one row per number of measured values."""
    from rich.table import Table

    from forescale.laws.flags import readable
    from forescale.metrics import label_of
    from forescale.report.plan_text import unfinished
    from forescale.words import count, interval, labelled, m_name, number, percent, spaced_unit

    laws, manifest = finished.laws, finished.folder.manifest
    for line in unfinished(laws):
        say(line, as_json)
    metric, shown = laws.leading().metric or "", _first(finished)
    name = f"{manifest.name}: {labelled(label_of(metric), laws.unit)}"
    table = Table(title=f"{name}, intervals at {percent(laws.level)}")
    sizes = shown[0].curve.n
    heads = ("m", "scratch", f"n = {count(sizes[0])}", f"n = {count(sizes[-1])}", "decay rate")
    for head in (*heads, "transfer gap", "R²", "flags"):
        table.add_column(head, justify="left" if head == "flags" else "right")
    for law in shown:
        m = law.n_target or 0
        told = readable(law.flags)
        table.add_row(
            m_name(m),
            number(laws.scratch.get((metric, m)), 4),
            number(float(law.curve.error[0]), 4),
            number(float(law.curve.error[-1]), 4),
            interval(law.decay_rate) if told else "no law",
            _limit(law) if told else "",
            number(law.r_squared) if told else "",
            ", ".join(law.flags),
        )
    console(as_json).print(table)
    floor = manifest.noise_floor
    if floor is not None:
        say(
            f"Noise floor: {number(floor)}{spaced_unit(laws.unit)}, from repeats of "
            f"{manifest.noise_floor_materials} materials",
            as_json,
        )


def short_plan(finished: Conclusion, as_json: bool) -> None:
    """Print the verdict, and the plan for all measured values at hand."""
    from forescale.report.plan_text import plan_lines

    lines = plan_lines(finished.plan)
    say("\n".join(line for line in lines if not line.startswith("Unfinished")), as_json)


def _first(finished: Conclusion) -> list[Law]:
    """Laws of the first metric of the study that has any, by ascending m."""
    leading = finished.laws.leading()
    return [law for law in finished.laws.laws if law.metric == leading.metric]


def _limit(law: Law) -> str:
    from forescale.words import interval, number

    if "not_bent_yet" in law.flags:
        return f"below {number(law.transfer_gap.high)}"
    return interval(law.transfer_gap)

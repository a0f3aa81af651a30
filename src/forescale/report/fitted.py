"""Laws of a table of curves as a figure and as a page, without a run."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from forescale.drawing import paper
from forescale.laws import FLAG_MEANINGS, Law, drawn
from forescale.laws.flags import readable
from forescale.report import small_page
from forescale.report.plan_text import law_lines, plan_lines
from forescale.words import interval, labelled, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from forescale.planning import Plan

MOST = 12  # panels of one figure


def draw(plan: Plan) -> Figure:
    """Draw every law of a plan, up to so many, one panel each, with its points."""
    return drawn.draw(plan.source.laws[:MOST], plan.unit)


def write_figure(plan: Plan, path: Path) -> Path:
    """Write the figure of the laws; see :func:`forescale.report.small_page.write_figure`."""
    with paper.paper_style():
        return small_page.write_figure(draw(plan), path)


def write_page(plan: Plan, path: Path, title: str) -> Path:
    """Write laws and plan as one page that needs no network.

    Raises
    ------
    ConfigError
        If the page cannot be written.
    """
    with paper.paper_style():
        image = base64.b64encode(paper.png(draw(plan))).decode()
    text = "\n".join(plan_lines(plan))
    details = "\n\n".join("\n".join(law_lines(answers, plan.unit)) for answers in plan.laws)
    heads = (
        "Curve", "Decay rate α", labelled("Scale D", plan.unit),
        labelled("Transfer gap C", plan.unit), "What the data cannot tell",
    )  # fmt: skip
    body = (
        f"<pre>{escape(text)}</pre>"
        f'<p><img alt="Laws and their points" src="data:image/png;base64,{image}"></p>'
        f"{small_page.table(heads, [_row(law) for law in plan.source.laws])}"
        f"<h2>Plan</h2><pre>{escape(details)}</pre>"
    )
    return small_page.write_page(path, f"Scaling laws of {title}", body)


def _row(law: Law) -> list[str]:
    notes = "; ".join(FLAG_MEANINGS.get(flag, flag) for flag in law.flags)
    if readable(law.flags):
        below = "not_bent_yet" in law.flags
        gap = f"below {number(law.transfer_gap.high)}" if below else interval(law.transfer_gap)
        cells = [interval(law.decay_rate), interval(law.scale), gap]
    else:
        cells = ["no law can be read", "", ""]
    return [law.name or "", *cells, notes]

"""A comparison as a figure and as a page: laws on one axis, their parameters, and the answers."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from forescale.drawing import paper
from forescale.laws import FLAG_MEANINGS, Law
from forescale.laws.flags import readable
from forescale.metrics import label_of
from forescale.report import small_page
from forescale.report.figures import compared
from forescale.words import count, interval, labelled, listed, m_name, number, title_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ComparedLaws:
    """Laws that are shown beside each other.

    Parameters
    ----------
    laws
        By name of a run or of a source, all at one m.
    costs
        Cost of a computed value of each.
    with_costs
        Whether costs were said, so that the axis is one of costs.
    metric, n_target, unit
        What the laws are of.
    lines
        What is said of the comparison.
    """

    laws: Mapping[str, Law]
    costs: Mapping[str, float]
    with_costs: bool
    metric: str
    n_target: int | None
    unit: str
    lines: tuple[str, ...]

    def plot(self) -> Figure:
        """Laws on one axis, for a paper."""
        table = compared.data(self.laws, self.costs)
        label = labelled(label_of(self.metric), self.unit)
        with paper.paper_style():
            return compared.draw(table, label, costs=self.with_costs)

    def write_figure(self, path: Path) -> Path:
        """Write the figure; see :func:`forescale.report.small_page.write_figure`."""
        with paper.paper_style():
            return small_page.write_figure(self.plot(), path)

    def write_page(self, path: Path) -> Path:
        """Write a page that needs no network.

        Raises
        ------
        ConfigError
            If it cannot be written.
        """
        with paper.paper_style():
            image = base64.b64encode(paper.png(self.plot())).decode()
        name = label_of(self.metric)
        heads = (
            "Name", "Largest n", labelled(f"{name} there", self.unit), "Decay rate α",
            labelled("Transfer gap C", self.unit), "What the data cannot tell",
        )  # fmt: skip
        body = (
            f"<p>{escape(name)} with m = {escape(m_name(self.n_target or 0))} measured values. "
            "Solid lines are laws over their data, dashed ones forecasts; bands are their "
            "intervals.</p>"
            f'<p><img alt="Laws on one axis" src="data:image/png;base64,{image}"></p>'
            f"{small_page.table(heads, [_row(one, law) for one, law in self.laws.items()])}"
            f"<pre>{escape(chr(10).join(self.lines))}</pre>"
        )
        title = f"{listed([title_of(one) for one in self.laws])} compared"
        return small_page.write_page(path, title, body)


def _row(name: str, law: Law) -> list[str]:
    cells = [title_of(name), count(float(law.curve.n[-1])), number(float(law.curve.error[-1]))]
    if readable(law.flags):
        below = "not_bent_yet" in law.flags
        gap = f"below {number(law.transfer_gap.high)}" if below else interval(law.transfer_gap)
        cells += [interval(law.decay_rate), gap]
    else:
        cells += ["no law can be read", ""]
    return [*cells, "; ".join(FLAG_MEANINGS.get(flag, flag) for flag in law.flags)]

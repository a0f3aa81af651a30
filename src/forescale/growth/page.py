"""The page of a loop: what it did, what it foresaw, what came, and why it decided as it did."""

from __future__ import annotations

import base64
import io
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from forescale._machine.files import write_text
from forescale.growth.config import LoopConfig
from forescale.growth.figure import draw, kept, steps
from forescale.growth.records import read_measure_list
from forescale.words import count, number, percent, with_interval


def write_page(
    folder: Path, config: LoopConfig, records: list[dict[str, Any]], unit: str
) -> Path | None:
    """Write ``report.html`` and ``rounds.csv``; None before the first round is done."""
    if not records:
        return None
    from jinja2 import Environment, StrictUndefined

    frame = steps(records)
    metric = config.judged.metric.label
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(
        files("forescale.growth").joinpath("templates/loop.html").read_text(encoding="utf-8")
    )
    made, inside = kept(frame)
    html = template.render(
        config=config,
        style=_style(),
        metric=metric,
        unit=unit,
        records=records,
        last=records[-1],
        following=records[-1]["next"],
        figure=_png(frame, metric, unit, config.budget.unit),
        made=made,
        inside=inside,
        measure=read_measure_list(folder / "measure.csv"),
        count=count,
        number=number,
        percent=percent,
        with_interval=with_interval,
        exchangeable=[arm.name for arm in config.arm if arm.order == "random"],
    )
    write_text(folder / "rounds.csv", frame.to_csv(index=False))
    write_text(folder / "report.html", html)
    return folder / "report.html"


def _png(frame: pd.DataFrame, metric: str, unit: str, cost_unit: str) -> str:
    stream = io.BytesIO()
    draw(frame, metric, unit, cost_unit).savefig(stream, format="png", dpi=120)
    return base64.b64encode(stream.getvalue()).decode()


def _style() -> str:
    # By way of the whole package: what the report imports is not needed here.
    return files("forescale").joinpath("report/templates/page.css").read_text(encoding="utf-8")

"""The page of a run: figures, tables and cards in one file that needs no network."""

from __future__ import annotations

import base64
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from forescale._machine.files import replace_file, write_text
from forescale.drawing import interactive, paper
from forescale.drawing.style import dark_colours
from forescale.errors import RunFolderError
from forescale.metrics import label_of
from forescale.planning import Plan
from forescale.planning.size import TIMES
from forescale.report import answers, cards, doubts, export, handed_over, lost, sources_text
from forescale.report.contents import Contents
from forescale.report.figures import heatmap, law, learning_curves, parity, published
from forescale.words import confidence, count, labelled, pretty_unit

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Charts = dict[str, Any]
Images = dict[str, str]


def write_report(path: Path, plan: Plan) -> Path:
    """Write ``report.html``, ``figures/`` and ``law.csv`` of a finished run folder.

    Parameters
    ----------
    path
        Run folder with its manifest, errors and predictions.
    plan
        What was planned from the laws of its errors, and those laws.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    RunFolderError
        If the folder is not a run, or cannot be written.
    """
    contents = Contents.read(path, plan)
    try:
        (path / "figures").mkdir(exist_ok=True)
        with paper.paper_style():
            charts, images, grids = _figures(contents)
        write_text(path / "law.csv", export.law_table(contents).to_csv(index=False))
        write_text(path / "report.html", _render(contents, charts, images, grids))
    except OSError as error:
        raise RunFolderError(
            f"{path}: the report cannot be written ({error}); make the folder writable"
        ) from None
    return path / "report.html"


def write_published(
    path: Path, errors: pd.DataFrame, metric: str, unit: str, seed: int
) -> list[Path]:
    """Write the figure of papers as PNG and PDF, and its numbers as CSV, to ``figures/``."""
    stem = path / "figures" / f"{published.NAME}_{metric}"
    stem.parent.mkdir(exist_ok=True)
    table = published.data(errors, metric, seed)
    with paper.paper_style():
        figure = published.draw(errors, metric, unit, seed)
        with replace_file(stem.with_suffix(".png")) as temporary:
            temporary.write_bytes(paper.png(figure))
        with replace_file(stem.with_suffix(".pdf")) as temporary:
            figure.savefig(temporary, format="pdf")
    values = {"mean", "fit", "fit_low", "fit_high", "direct"}
    write_text(stem.with_suffix(".csv"), export.with_units(table, values, unit).to_csv(index=False))
    return [stem.with_suffix(kind) for kind in (".png", ".pdf", ".csv")]


def _figures(contents: Contents) -> tuple[Charts, Images, dict[str, Any]]:
    """Write all figures; return the page's charts, fallback images and heat maps."""
    charts: Charts = {}
    images: Images = {}
    grids: dict[str, Any] = {}
    for metric in contents.metrics:
        table = learning_curves.data(contents, metric)
        key = f"{learning_curves.NAME}/{metric}"
        charts[key] = learning_curves.chart(contents, table, metric)
        drawn = learning_curves.draw(contents, table, metric)
        images[key] = _save(contents, key, drawn, export.metric_table(contents, table, metric))
    for metric in contents.error_metrics:
        table, key = law.data(contents, metric), f"{law.NAME}/{metric}"
        for m in table["n_target"].unique():
            charts[f"{key}/{m}"] = law.chart(contents, table, metric, int(m))
        drawn = law.draw(contents, table, metric)
        images[key] = _save(contents, key, drawn, export.metric_table(contents, table, metric))
        table, key = heatmap.data(contents, metric), f"{heatmap.NAME}/{metric}"
        grids[metric] = {
            "heads": heatmap.heads(table),
            "rows": heatmap.rows(table),
            "scale": heatmap.scale(table),
            "gradient": heatmap.gradient(),
        }
        drawn = heatmap.draw(contents, table, metric)
        _save(contents, key, drawn, export.heatmap_table(contents, table, metric))
    table = parity.data(contents)
    for column, _, _ in parity.panels(contents):
        charts[f"{parity.NAME}/{column}"] = parity.chart(contents, table, column)
    drawn = parity.draw(contents, table)
    images[parity.NAME] = _save(contents, parity.NAME, drawn, export.parity_table(contents, table))
    return charts, images, grids


def _save(contents: Contents, key: str, figure: Figure, table: pd.DataFrame) -> str:
    """Write one figure as PNG, SVG, PDF, CSV and JSON; return the PNG as a data address."""
    stem = contents.path / "figures" / key.replace("/", "_")
    image = paper.png(figure)
    for kind, whole in ((".png", image), *paper.vector(figure).items()):
        with replace_file(stem.with_suffix(kind)) as temporary:
            temporary.write_bytes(whole)
    write_text(stem.with_suffix(".csv"), table.to_csv(index=False))
    write_text(stem.with_suffix(".json"), export.as_json(table))
    return "data:image/png;base64," + base64.b64encode(image).decode()


def _render(contents: Contents, charts: Charts, images: Images, grids: dict[str, Any]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("forescale.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "count": count,
        "pretty": pretty_unit,
        "labelled": lambda pair: labelled(*pair),
        "stacked": stacked,
    }
    template = environment.get_template("page.html")
    return template.render(
        contents=contents,
        manifest=contents.manifest,
        unit=contents.unit,
        metric_name=label_of,
        views=[_view(contents, name, images, grids[name]) for name in contents.error_metrics],
        images=images,
        sizes=[0, *contents.n_target]
        if contents.law(contents.error_metrics[0], 0)
        else contents.n_target,
        level=confidence(contents.level),
        setting=cards.setting(contents),
        sides=cards.sides(contents),
        data_cards=cards.data_cards(contents),
        rejects=cards.rejects(contents),
        unfinished=contents.plan.source.unfinished,
        left_out=contents.left_out,
        doubts=doubts.lines(contents),
        lost=lost.rows(contents),
        lost_sentence=lost.sentence(contents),
        model_card=cards.model_card(contents),
        model=handed_over.view(contents),
        versions=cards.versions(contents),
        scores=parity.score_rows(contents),
        shown_points=parity.SHOWN,
        style=_asset("page.css"),
        script=_asset("page.js"),
        plotly=interactive.library(),
        charts=embedded_json(charts),
        dark=json.dumps(dark_colours(contents.n_target)),
    )


def _view(contents: Contents, metric: str, images: Images, grid: dict[str, Any]) -> dict[str, Any]:
    """Everything of the page that changes with the metric."""
    return {
        "metric": metric,
        "name": label_of(metric),
        "label": contents.label(metric),
        "headline": answers.headline(contents, metric),
        "headline_of_grid": _of_grid(contents, metric),
        "flags": answers.flags_in_words(contents, metric),
        "errors": answers.error_rows(contents, metric),
        "laws": answers.law_rows(contents, metric),
        "backtest": answers.backtest_rows(contents, metric),
        "verdicts": answers.verdict_rows(contents, metric),
        "ahead_heads": [f"{times:g} ×" for times in TIMES],
        "ahead": answers.ahead_rows(contents, metric),
        "plan": answers.plan_rows(contents, metric),
        "costs": answers.costs(contents, metric),
        "exchange": answers.exchange(contents, metric),
        "sources": _sources(contents, metric),
        "grid": grid,
        "curves_image": images[f"{learning_curves.NAME}/{metric}"],
        "law_image": images[f"{law.NAME}/{metric}"],
    }


def _sources(contents: Contents, metric: str) -> dict[str, Any] | None:
    """What the page says of several sources."""
    plan = contents.plan.sources_of(metric)
    if plan is None:
        return None
    return {
        "sentence": sources_text.sentence(plan, contents.unit),
        "worth": sources_text.worth(plan),
        "heads": list(sources_text.HEADS),
        "rows": sources_text.rows(plan),
    }


def _of_grid(contents: Contents, metric: str) -> list[str]:
    """The answers at the largest m of the study's grid, where it is not all measured values."""
    m = contents.largest_of_grid
    return answers.headline(contents, metric, m) if m != contents.n_target[-1] else []


_WITH_INTERVAL = re.compile(r"(.*\S) (\([^()]* to [^()]*\))(.*)")


def stacked(text: object) -> Markup:
    """A number with its interval in two lines, so that tables fit a page.

    >>> stacked("0.36 (0.30 to 0.41)")
    Markup('0.36 <span class="interval">(0.30 to 0.41)</span>')
    """
    found = _WITH_INTERVAL.fullmatch(str(text))
    if found is None:
        return escape(text)
    first, ends, rest = found.groups()
    unit, between, more = rest.partition(";")
    tail = f' <span class="interval">{escape(more.strip())}</span>' if between else ""
    head = escape(f"{first}{unit}")
    return Markup(f'{head} <span class="interval">{escape(ends)}</span>{tail}')  # noqa: S704


def embedded_json(value: Any) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _asset(name: str) -> str:
    return files("forescale.report").joinpath("templates", name).read_text(encoding="utf-8")

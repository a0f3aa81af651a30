"""The page of a run: figures, tables and cards in one file that needs no network."""

from __future__ import annotations

import base64
import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forescale._files import replace_file, write_text
from forescale.errors import RunFolderError
from forescale.laws import Law
from forescale.planning import Plan
from forescale.report import answers, cards, export, handed_over, lost, paper
from forescale.report.contents import METRIC_NAMES, Contents, labelled
from forescale.report.figures import heatmap, law, learning_curves, parity
from forescale.report.text import count, number, percent, pretty_unit

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Charts = dict[str, Any]
Images = dict[str, str]


def write_report(path: Path, laws: list[Law], plan: Plan) -> Path:
    """Write ``report.html``, ``figures/`` and ``law.csv`` of a finished run folder.

    Parameters
    ----------
    path
        Run folder with its manifest, errors and predictions.
    laws, plan
        What was fitted to its errors, and planned from the laws.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    RunFolderError
        If the folder is not a run, or cannot be written.
    """
    contents = Contents.read(path, laws, plan)
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
        grids[metric] = {"heads": heatmap.heads(table), "rows": heatmap.rows(table)}
        drawn = heatmap.draw(contents, table, metric)
        _save(contents, key, drawn, export.heatmap_table(contents, table, metric))
    table = parity.data(contents)
    for column, _, _ in parity.panels(contents):
        charts[f"{parity.NAME}/{column}"] = parity.chart(contents, table, column)
    drawn = parity.draw(contents, table)
    images[parity.NAME] = _save(contents, parity.NAME, drawn, export.parity_table(contents, table))
    return charts, images, grids


def _save(contents: Contents, key: str, figure: Figure, table: pd.DataFrame) -> str:
    """Write one figure as PNG, CSV and JSON; return the PNG as a data address."""
    stem = contents.path / "figures" / key.replace("/", "_")
    image = paper.png(figure)
    with replace_file(stem.with_suffix(".png")) as temporary:
        temporary.write_bytes(image)
    write_text(stem.with_suffix(".csv"), table.to_csv(index=False))
    write_text(stem.with_suffix(".json"), export.as_json(table))
    return "data:image/png;base64," + base64.b64encode(image).decode()


def _render(contents: Contents, charts: Charts, images: Images, grids: dict[str, Any]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from plotly.offline import get_plotlyjs

    environment = Environment(
        loader=PackageLoader("forescale.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "count": count,
        "pretty": pretty_unit,
        "labelled": lambda pair: labelled(*pair),
    }
    template = environment.get_template("page.html")
    return template.render(
        contents=contents,
        manifest=contents.manifest,
        unit=contents.unit,
        metric_names=METRIC_NAMES,
        views=[_view(contents, name, images, grids[name]) for name in contents.error_metrics],
        images=images,
        sizes=[0, *contents.n_target]
        if contents.law(contents.error_metrics[0], 0)
        else contents.n_target,
        level=f"{100 * contents.level:g} %",
        setting=cards.setting(contents),
        sides=cards.sides(contents),
        data_cards=cards.data_cards(contents),
        rejects=cards.rejects(contents),
        lost=lost.rows(contents),
        lost_sentence=lost.sentence(contents),
        model_card=cards.model_card(contents),
        model=handed_over.view(contents),
        versions=cards.versions(contents),
        scores=_score_rows(contents),
        shown_points=parity.SHOWN,
        style=_asset("page.css"),
        script=_asset("page.js"),
        plotly=get_plotlyjs(),
        charts=embedded_json(charts),
    )


def _view(contents: Contents, metric: str, images: Images, grid: dict[str, Any]) -> dict[str, Any]:
    """Everything of the page that changes with the metric."""
    return {
        "metric": metric,
        "name": METRIC_NAMES[metric],
        "label": contents.label(metric),
        "headline": answers.headline(contents, metric),
        "flags": answers.flags_in_words(contents, metric),
        "errors": answers.error_rows(contents, metric),
        "laws": answers.law_rows(contents, metric),
        "backtest": answers.backtest_rows(contents, metric),
        "plan": answers.plan_rows(contents, metric),
        "exchange": answers.exchange(contents, metric),
        "grid": grid,
        "curves_image": images[f"{learning_curves.NAME}/{metric}"],
        "law_image": images[f"{law.NAME}/{metric}"],
    }


def _score_rows(contents: Contents) -> list[list[str]]:
    """Rows of the scores of the best predictor and of scratch."""
    table = parity.scores(parity.data(contents))
    names = {"predicted": "With the computed data", "scratch": "Without (scratch)"}
    return [
        [
            name,
            *(number(float(table.loc[row, key])) for key in ("r2", "rmse", "mae")),
            percent(float(table.loc[row, "coverage"])),
        ]
        for row, name in names.items()
    ]


def embedded_json(value: Any) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _asset(name: str) -> str:
    return files("forescale.report").joinpath("templates", name).read_text(encoding="utf-8")

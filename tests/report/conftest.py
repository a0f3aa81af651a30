"""Small run folders with known numbers."""

import json
import re
from html.parser import HTMLParser

import manifests
import numpy as np
import pandas as pd
import pytest

from forescale.study import RunFolder
from forescale.workflow import conclude

SIZES_N, SIZES_M, REPLICATES = (30, 100, 300, 1000), (10, 40), 4


def mean_error(n, m):
    """Known mean RMSE of a cell; n = 0 is scratch, m = 0 zero-shot."""
    of_n = 0.9 if n == 0 else 1.5 * n**-0.4 + 0.2
    return of_n * (1.5 if m == 0 else 1 + m**-0.5)


def make_errors(n_source, n_target, replicates, metrics, scale, error):
    """Errors whose mean over replicates is known exactly; MAE is 0.7 of RMSE."""
    offsets = 0.02 * (np.arange(replicates) - (replicates - 1) / 2)
    factor = {"rmse": scale, "mae": 0.7 * scale}
    rows = []
    for metric in metrics:
        for n in (0, *n_source):
            for m in (0, *n_target):
                for r in range(replicates) if n + m else ():
                    value = error(n, m) * (1 + offsets[r])
                    value = 1 - value if metric == "r2" else value * factor[metric]
                    rows.append((r, n, m, metric, value))
    return pd.DataFrame(rows, columns=["replicate", "n_source", "n_target", "metric", "value"])


def make_predictions(replicates, scale, std):
    """Twenty test predictions a replicate, wrong by ±0.1; scratch is wrong by ±0.3."""
    rows = np.arange(20)
    sign = np.where(rows % 2, 1.0, -1.0)
    measured = scale * np.linspace(1, 3, 20)
    one = {
        "row": rows,
        "key": [f"*{'C' * (k + 1)}*" for k in rows],
        "measured": measured,
        "predicted": measured + 0.1 * scale * sign,
        "std": np.full(20, np.nan) if std is None else std * scale,
        "scratch": measured + 0.3 * scale * sign,
        "zero_shot": measured + 0.5 * scale,
    }
    return pd.concat(
        [pd.DataFrame({"replicate": r, **one}) for r in range(replicates)], ignore_index=True
    )


def make_run(
    path,
    *,
    n_source=SIZES_N,
    n_target=SIZES_M,
    replicates=REPLICATES,
    metrics=("rmse", "mae", "r2"),
    unit="g/cm^3",
    floor=0.05,
    name="density",
    scale=1.0,
    std=0.07,
    error=mean_error,
    asked=None,
    plan=None,
):
    """Write a run folder without its page."""
    for sub in ("errors", "predictions"):
        (path / sub).mkdir(parents=True)
    errors = make_errors(n_source, n_target, replicates, metrics, scale, error)
    predictions = make_predictions(replicates, scale, std)
    for r in range(replicates):
        part = f"part-{r:05d}.parquet"
        errors[errors["replicate"] == r].to_parquet(path / "errors" / part)
        predictions[predictions["replicate"] == r].to_parquet(path / "predictions" / part)
    study = {
        "replicates": asked or replicates,
        **({"plan": plan} if plan else {}),
        "grid": {"n_target": list(n_target)},
        "evaluation": {"metrics": list(metrics)},
    }
    return manifests.write(
        path,
        study=study,
        metric_unit=unit,
        noise_floor=floor,
        noise_floor_materials=5 if floor else 0,
        property=name,
    )


def report_of(path):
    """Fit, plan and write the page of a run folder, as the workflow does."""
    finished = conclude(RunFolder(path))
    return path / "report.html", finished.laws.laws, finished.plan


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A full run with its page: folder, HTML, laws, plan."""
    path = make_run(tmp_path_factory.mktemp("run") / "small")
    page, laws, plan = report_of(path)
    return path, page.read_text(encoding="utf-8"), laws, plan


@pytest.fixture
def unreported(tmp_path):
    """A small run folder without its page."""
    return make_run(tmp_path / "run", metrics=("rmse",), n_target=(10,))


@pytest.fixture
def build(tmp_path):
    """Build a run with options and return its folder and HTML."""

    def build_run(**options):
        path = make_run(tmp_path / "run", **options)
        page, _, _ = report_of(path)
        return path, page.read_text(encoding="utf-8")

    return build_run


class Page(HTMLParser):
    """Visible text, attributes of every element, and contents of scripts."""

    def __init__(self, html):
        super().__init__()
        self.text, self.elements, self.scripts, self._inside = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self._inside.append(tag)
            self.scripts.append("")

    def handle_endtag(self, tag):
        if self._inside and tag == self._inside[-1]:
            self._inside.pop()

    def handle_data(self, data):
        if self._inside:
            self.scripts[-1] += data
        else:
            self.text.append(data)

    @property
    def visible(self):
        return re.sub(r"\s+", " ", " ".join(self.text))


def charts_of(html):
    """The charts' JSON as the page's script reads it."""
    found = re.search(r'<script type="application/json" id="charts">(.*?)</script>', html, re.S)
    return json.loads(found[1])


@pytest.fixture(scope="session")
def read_page():
    return Page


@pytest.fixture(scope="session")
def read_charts():
    return charts_of

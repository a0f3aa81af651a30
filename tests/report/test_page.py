"""The page: right numbers, safe text, nothing loaded from anywhere."""

import math
import re

import pytest

from forescale.errors import RunFolderError
from forescale.laws import fit_law
from forescale.planning import make_plan
from forescale.report import write_report
from forescale.report.page import embedded_json

NOT_NUMBERS = re.compile(r"\b(nan|NaN|inf|Infinity|None|null|undefined)\b")


def test_headline_and_tables_say_what_the_data_say(finished, read_page):
    _, html, laws, _ = finished
    text = read_page(html).visible
    # E(1000, 40) = (1.5·1000^-0.4 + 0.2)·(1 + 40^-0.5); scratch 0.9·(1 + 40^-0.5)
    assert "root mean squared error of 0.341 (" in text
    assert "Without the computed data it is 1.04 g/cm³" in text
    assert "lowers the error by 67 %" in text
    assert "scatter by 0.0500 g/cm³ (noise floor, from 5 materials)" in text
    gap = next(w for w in laws if (w.metric, w.n_target) == ("rmse", 40)).transfer_gap
    assert f"{gap.estimate:.2f}" in text


def test_charts_hold_the_means(finished, read_charts):
    _, html, _, _ = finished
    charts = read_charts(html)
    curve = next(t for t in charts["learning_curves/mae"]["data"] if t.get("name") == "m = 10")
    assert curve["x"] == [30, 100, 300, 1000]
    expected = 0.7 * (1.5 * 1000**-0.4 + 0.2) * (1 + 10**-0.5)
    assert curve["y"][-1] == pytest.approx(expected, rel=1e-5)
    assert {"law/rmse/0", "law/rmse/10", "law/mae/40", "parity/predicted"} <= set(charts)
    law = next(t for t in charts["law/rmse/40"]["data"] if t.get("name") == "Forecast")
    assert law["x"][-1] == 8000


def test_plotly_accepts_every_chart(finished, read_charts):
    from plotly.graph_objects import Figure

    for chart in read_charts(finished[1]).values():
        Figure(chart)


def test_nothing_is_loaded_from_elsewhere(finished, read_page):
    page = read_page(finished[1])
    loading = {"src", "srcset", "data", "poster", "action", "background", "xlink:href"}
    for tag, attributes in page.elements:
        assert tag not in {"link", "iframe", "object", "embed", "base"}
        for name in loading & set(attributes):
            assert attributes[name].startswith("data:image/png;base64,"), (tag, name)
        href = attributes.get("href", "#")
        assert href.startswith(("#", "https://doi.org/", "https://arxiv.org/abs/"))
    style = page.scripts[0]
    assert "url(" not in style
    assert "@import" not in style
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv"))
    assert policy.startswith("default-src 'none'")


def test_without_scripts_figures_are_there(finished, read_page):
    images = [a for tag, a in read_page(finished[1]).elements if tag == "img"]
    assert len(images) == 6  # curves and law for two metrics, R², parity
    assert all(a["alt"] for a in images)


def test_names_with_markup_stay_text(build, read_page, read_charts):
    name = '<script>alert("1")</script> & $x_1$'
    path, html = build(name=name, metrics=("rmse",), n_target=(10,), n_source=(30, 100, 300))
    page = read_page(html)
    assert '<script>alert("1")' not in html
    assert name.lower() in page.visible.lower()
    assert len([tag for tag, _ in page.elements if tag == "script"]) == 3
    title = read_charts(html)["parity/predicted"]["layout"]["xaxis"]["title"]["text"]
    assert title == 'Measured &lt;script&gt;alert("1")&lt;/script&gt; &amp; $x_1$ (g/cm³)'
    assert (path / "figures" / "parity.png").exists()


def test_embedded_json_cannot_end_its_script():
    assert "</script" not in embedded_json({"a": "</script><!--"})


ONE = {"metrics": ("rmse",), "n_target": (10,)}
DEGENERATE = {
    "one replicate, one m, no standard deviations": {**ONE, "replicates": 1, "std": None},
    "two sizes, no noise floor, no unit": {**ONE, "n_source": (30, 60), "floor": None, "unit": ""},
    "one size, only MAE": {"n_source": (30,), "n_target": (10,), "metrics": ("mae",)},
    "flat and tiny": {**ONE, "error": lambda n, m: 1.0, "scale": 3e-9, "floor": None},
    "huge, R² undefined": {
        "metrics": ("rmse", "r2"),
        "n_target": (10,),
        "error": lambda n, m: 1.5 * (n + 1) ** -0.3 if n + m else math.nan,
        "scale": 4e12,
    },
}


@pytest.mark.parametrize("options", DEGENERATE.values(), ids=DEGENERATE.keys())
def test_degenerate_runs_give_whole_pages(build, read_page, options):
    path, html = build(**options)
    page = read_page(html)
    assert not NOT_NUMBERS.search(page.visible), NOT_NUMBERS.search(page.visible)
    assert "()" not in page.visible
    for figure in ("learning_curves", "law", "heatmap"):
        assert list((path / "figures").glob(f"{figure}_*.png"))


def test_flags_are_explained(build, read_page):
    _, html = build(error=lambda n, m: 1 + 0.1 * n**0.1, metrics=("rmse",), n_target=(10,))
    text = read_page(html).visible
    assert not NOT_NUMBERS.search(text)
    assert "m = 0 (zero-shot) and 10: the error does not fall with n" in text
    assert "cannot be read" in text
    assert "does not fall with n, or rises" in text
    assert "no scaling law can be read from this curve" in text


def test_other_folders_are_refused(tmp_path):
    plan = make_plan(fit_law([10, 100, 1000], [3, 2, 1]))
    with pytest.raises(RunFolderError, match="not a readable run folder"):
        write_report(tmp_path, plan)
    (tmp_path / "manifest.json").write_text('{"name": "x"}')
    with pytest.raises(RunFolderError, match="study: Field required"):
        write_report(tmp_path, plan)


def test_what_an_experiment_is_worth_is_on_the_page(build, read_page):
    _, html = build(metrics=("rmse",), n_target=(10, 20, 40))
    text = read_page(html).visible
    assert "one more experiment lowers the error as much as" in text
    assert "Verdict: " in text


def test_an_unfinished_run_says_so_first(build, read_page):
    _, html = build(metrics=("rmse",), n_target=(10,), asked=9)
    text = read_page(html).visible
    assert text.index("4 of 9 replicates are finished") < text.index("Answers Verdict")


def test_costs_and_target_of_the_study_are_on_the_page(build, read_page):
    asked = {"target_error": 0.30, "cost_source": 1, "cost_target": 50, "budget": 5000}
    _, html = build(metrics=("rmse",), n_target=(10, 20, 40), plan=asked)
    text = read_page(html).visible
    assert "To reach 0.300" in text
    assert "more simulations and" in text
    assert "for each unit of cost" in text

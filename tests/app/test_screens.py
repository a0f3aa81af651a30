"""Results, plan, predict, compare and data say what Python says of the same run."""

import io
import re
from contextlib import closing
from html import unescape

import pandas as pd
import pytest
from app_server import wait_for

from forescale.face import open_run
from forescale.planning import Questions, make_plan
from forescale.report.plan_text import size_text
from forescale.words import count, number

AT = {"at": "runs/tiny"}


@pytest.fixture(scope="module")
def client(shown):
    with closing(shown.client()) as found:
        found.get("/results/view", params=AT).raise_for_status()  # its laws are fitted now
        yield found


@pytest.fixture(scope="module")
def run(finished_folder):
    return open_run(finished_folder / "runs" / "tiny")


def text_of(answer):
    assert answer.status_code == 200, answer.text[-500:]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


@pytest.mark.parametrize("m", [0, 5, 20, 40])
def test_results_say_what_the_run_says(client, run, m):
    text = text_of(client.get("/results", params={**AT, "metric": "rmse", "m": m}))
    law = run.law("rmse", m)
    verdict = run.plan().of("rmse", m).verdict
    assert str(verdict.decision).capitalize() in text
    assert " ".join(verdict.reason.split())[1:] in text
    assert number(float(law.curve.error[-1])) in text


def test_a_metric_or_m_that_is_not_there_is_refused(client):
    answer = client.get("/results/view", params={**AT, "metric": "rmse", "m": 7})
    assert answer.status_code == 404
    assert "0, 5, 20, 40" in answer.text
    assert client.get("/results/view", params={**AT, "metric": "<b>"}).status_code == 404


def test_the_chart_of_a_law_is_the_reports(client, run):
    asked = {**AT, "figure": "law", "metric": "rmse", "m": 20}
    chart = client.get("/results/chart", params=asked).json()
    means = next(t for t in chart["data"] if t.get("name") == "Mean error")
    assert means["y"][-1] == pytest.approx(float(run.law("rmse", 20).curve.error[-1]), rel=1e-5)


@pytest.mark.parametrize("figure", ["law", "learning_curves", "heatmap", "parity"])
@pytest.mark.parametrize(
    ("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("csv", b"")]
)
def test_every_figure_is_had_as_every_kind_of_file(client, figure, kind, start):
    asked = {**AT, "figure": figure, "metric": "rmse", "m": 40, "kind": kind}
    answer = client.get("/results/figure", params=asked)
    assert answer.status_code == 200
    assert answer.content.startswith(start)
    assert f"tiny_{figure}_rmse_m40.{kind}" in answer.headers["content-disposition"]
    if kind == "csv":
        assert len(pd.read_csv(io.BytesIO(answer.content))) > 3


def test_a_slider_is_answered_as_the_plan_answers(client, run):
    now = float(run.law("rmse", 40).curve.error[-1])
    asked = {"target": 0.8 * now, "cost_source": 1, "cost_target": 15, "budget": 300}
    text = text_of(client.get("/plan/moved", params={**AT, "metric": "rmse", "m": 40, **asked}))
    plan = make_plan(
        run.fitted.only("rmse", 40),
        Questions.of(asked["target"], cost_source=1, cost_target=15, budget=300),
    )
    assert " ".join(size_text(plan.laws[0].sample_sizes[0], plan.unit).split()) in text
    split = plan.joint[0].allocation
    assert f"{count(split.more_source)} more computed" in text
    assert f"{count(split.more_target)} more measured" in text


def test_data_at_hand_move_where_the_plan_stands(client):
    asked = {**AT, "metric": "rmse", "m": 40, "have_source": 60, "have_target": 10}
    assert client.get("/plan/moved", params=asked).status_code == 200
    text = text_of(client.get("/plan/exchange", params=asked))
    assert "At n = 60 and m = 10, one more experiment lowers" in text


def test_what_is_no_number_above_zero_is_refused(client):
    for bad in ("0", "-1", "nan", "inf", "x"):
        answer = client.get("/plan/moved", params={**AT, "metric": "rmse", "m": 40, "target": bad})
        assert answer.status_code == 422, bad


def test_structures_are_predicted_as_python_predicts_them(client, run):
    written = "CCCCCCCCCCCO\nC(\nCCBr"
    text = text_of(client.post("/predict/structures", params=AT, data={"text": written}))
    told = run.predictor().predict(["CCCCCCCCCCCO", "CCBr"])
    for value in told["prediction"]:
        assert number(value, 4) in text
    assert "not valid SMILES" in text
    assert "Nearest materials learnt from" in text
    nearest = client.post("/predict/structures", params=AT, data={"text": "CCCO"}).text
    assert "/structure.svg?kind=molecule" in nearest
    assert "°C" in nearest


def test_the_wanted_range_hides_the_rest(client):
    data = {"text": "CCO\nCCCCCCCCCCCCO", "low": "200", "high": ""}
    text = text_of(client.post("/predict/structures", params=AT, data=data))
    assert "CCCCCCCCCCCCO" in text
    assert "1 of the others is not in the wanted range" in text


def test_a_table_is_predicted_with_progress_and_downloaded(client, run):
    rows = ["C" * k + end for k in range(2, 11) for end in ("O", "N", "Cl", "Br", "F")]
    table = "name,smiles\n" + "".join(f"x,{smiles}\n" for smiles in [*rows, "C(C"])
    begun = client.post(
        "/predict/upload", params=AT, files={"table": ("<i>mine</i>.csv", table.encode())}
    )
    assert begun.status_code == 200
    assert "<i>mine" not in begun.text
    name = re.search(r"name=([\w-]+)", begun.text)[1]
    done = wait_for(lambda: _finished(client, name))
    assert f"{len(rows)} of {len(rows) + 1} rows" in done
    found = pd.read_csv(io.BytesIO(client.get("/predict/file", params={"name": name}).content))
    told = run.predictor().predict(rows)
    assert found["prediction"].tolist() == pytest.approx(told["prediction"].tolist(), rel=1e-6)
    wanted = client.get("/predict/file", params={"name": name, "low": "150"}).content
    kept = pd.read_csv(io.BytesIO(wanted))
    assert len(kept) == (found["prediction"] >= 150).sum() > 0
    rejects = client.get("/predict/file", params={"name": name, "kind": "rejects"}).text
    assert "C(C" in rejects


def _finished(client, name):
    answer = client.get("/predict/batch", params={"name": name})
    return answer.text if "Download" in answer.text else None


def test_a_file_that_is_no_table_is_refused(client):
    sent = {"table": ("run.exe", b"MZ")}
    answer = client.post("/predict/upload", params=AT, files=sent)
    assert answer.status_code == 400
    assert "expected a table" in answer.text


def test_a_run_without_a_model_says_so(client):
    assert "No model yet" in client.get("/predict", params={"at": "runs/dearer"}).text


def test_runs_are_compared_on_one_axis(client):
    runs = {"at": ["runs/tiny", "runs/dearer"]}
    assert client.get("/compare", params=runs).status_code == 200
    text = text_of(client.get("/compare/view", params={**runs, "cost": ["1", "3"]}))
    assert "against the cost of the computed values" in text
    assert "dearer one" in text
    assert client.get("/compare/view", params={**runs, "cost": ["1", "0"]}).status_code == 400
    assert "Nothing to compare yet" in client.get("/compare").text


def test_the_catalog_has_size_licence_and_bibtex(client):
    text = text_of(client.get("/data", params={"q": "polymer density molecular dynamics"}))
    assert "1935 rows, 92 kB" in text
    assert "none stated" in text
    assert "% polymer-density-md" in text
    assert "@article{" in text
    assert "Nothing fits" in text_of(client.get("/data", params={"q": "unobtainium"}))
    assert client.post("/data/fetch", params={"name": "../x"}).status_code == 400


def test_structures_are_drawn_or_refused(client):
    drawn = client.get("/structure.svg", params={"kind": "polymer", "text": "*CC*"})
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert "<script" not in drawn.text
    for kind, text in (("molecule", "nothing<script>"), ("composition", "NaCl")):
        answer = client.get("/structure.svg", params={"kind": kind, "text": text})
        assert answer.status_code == 404
        assert "<script>" not in answer.text

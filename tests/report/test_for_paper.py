"""Sentences for a paper hold the numbers of the figures, and nothing that is not a number."""

import pytest

from forescale.report import answers
from forescale.report.contents import Contents
from forescale.report.for_paper import caption


@pytest.fixture
def contents(finished):
    path, _, _, plan = finished
    return Contents.read(path, plan)


@pytest.mark.parametrize("figure", ["law", "learning_curves", "heatmap", "parity"])
@pytest.mark.parametrize("m", [0, 10, 40])
def test_every_figure_has_its_sentence(contents, figure, m):
    text = caption(contents, figure, "rmse", m)
    assert text.endswith(".")
    assert "4 replicates" in text
    assert not any(word in text for word in ("nan", "None", "inf "))


def test_the_sentence_of_a_law_has_its_parameters(contents):
    law = contents.law("rmse", 40)
    text = caption(contents, "law", "rmse", 40)
    assert f"α = {law.decay_rate.median:.3f}"[:8] in text
    assert "m = 40 measured values" in text
    assert "g/cm³" in text


def test_the_headline_of_an_m_speaks_of_it(contents):
    text = " ".join(answers.headline(contents, "rmse", 10))
    # E(1000, 10) = (1.5·1000^-0.4 + 0.2)·(1 + 10^-0.5)
    assert "fine-tuned on 10 measured ones" in text
    assert "0.388 (" in text
    zero = " ".join(answers.headline(contents, "rmse", 0))
    assert "never shown a measured one" in zero

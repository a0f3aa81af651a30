"""What a newcomer sees of objects in a notebook: a line each, a table each, errors in words."""

import numpy as np
import pandas as pd
import pytest

import forescale as fs
from forescale.errors import ConfigError
from forescale.laws import RunLaws

FRAME = pd.DataFrame({"smiles": ["C" * n for n in range(1, 13)], "t": np.arange(12.0)})


def of_frames(**changes):
    asked = {"kind": "molecule", "material": "smiles", "value": "t", "unit": "K", **changes}
    return fs.Study.of(computed=FRAME, measured=FRAME, **asked)


def test_studies_and_tables_are_shown_in_a_line_and_in_a_table():
    study = of_frames(name="mine")
    assert len(repr(study)) < 200
    assert "20 replicates" in repr(study)
    assert "12 sizes from 30" in study._repr_html_()
    table = study.target.table
    assert repr(table) == "PropertyTable(measured t in K of 12 materials)"
    assert "<td>C</td>" in table._repr_html_()


def test_laws_and_plans_are_shown_in_a_line_and_in_a_table():
    n = 100 * 2.0 ** np.arange(6)
    laws = RunLaws.of_laws(fs.fit_law(n, 3 * n**-0.5 + 0.2, metric="rmse", n_target=40))
    plan = fs.make_plan(laws)
    assert "rmse at m = 40" in repr(laws)
    assert len(repr(plan)) < 400
    for shown in (laws._repr_html_(), plan._repr_html_()):
        assert "<td>RMSE</td><td>40</td>" in shown


def test_a_wrong_word_is_told_with_what_is_allowed():
    with pytest.raises(ConfigError, match=r"kind.*molecul.*molecule"):
        of_frames(kind="molecul")

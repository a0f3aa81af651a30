"""One bad curve costs its own law: the others' are there, and it is told which row is bad."""

import numpy as np
import pandas as pd
import pytest

from forescale.errors import ForescaleError
from forescale.laws.table import study_laws


@pytest.fixture
def errors():
    """Errors of three replicates at m = 0 and m = 5."""
    sizes = np.array([20, 40, 80, 160, 320])
    return pd.DataFrame(
        [
            {"replicate": r, "n_source": n, "n_target": m, "metric": "rmse", "value": value}
            for r in range(3)
            for m in (0, 5)
            for n, value in zip(sizes, (2 + 0.01 * r) * sizes**-0.5 + 0.1, strict=True)
        ]
    )


@pytest.mark.parametrize("value", [0.0, np.inf, -1.0])
def test_the_other_curves_keep_their_laws(errors, value):
    errors.loc[(errors["replicate"] == 1) & (errors["n_source"] == 80), "value"] = [value, 0.3]
    with pytest.raises(ForescaleError, match="above zero"):
        study_laws(errors)
    left_out = {}
    laws = study_laws(errors, left_out=left_out)
    assert [law.n_target for law in laws] == [5]
    assert left_out[0, "rmse"].startswith(
        f"got an error of {value:g} (errors/part-00001.parquet, n = 80)"
    )


def test_without_a_good_curve_all_reasons_are_told(errors):
    errors.loc[errors["n_source"] == 20, "value"] = 0.0
    with pytest.raises(ForescaleError, match=r"no curve can be fitted: got an error of 0"):
        study_laws(errors, left_out={})

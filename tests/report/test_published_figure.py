"""The figure of papers: nothing is printed over a curve, and every column has its sizes."""

import itertools

import numpy as np
import pandas as pd
import pytest

from forescale.report.figures import published


def errors(levels: dict[int, float]) -> pd.DataFrame:
    """Exact curves that end at a level for each m, of three trials."""
    n = (30 * 2.0 ** np.arange(7)).astype(int)
    rows = [
        (trial, size, m, "mae", (0.3 * size**-0.5 + level) * (1 + 0.01 * trial))
        for (m, level), size, trial in itertools.product(levels.items(), n, range(3))
    ]
    rows += [(trial, 0, m, "mae", 1.3 * level) for m, level in levels.items() for trial in range(3)]
    return pd.DataFrame(rows, columns=["replicate", "n_source", "n_target", "metric", "value"])


@pytest.mark.parametrize("many", [1, 2, 3, 4, 5])
def test_equations_stand_beside_the_points_and_columns_are_labelled(many):
    levels = dict(itertools.islice({0: 0.2, 20: 0.1, 80: 0.08, 320: 0.05, 640: 0.04}.items(), many))
    figure = published.draw(errors(levels), "mae", "g/cm^3")
    figure.draw_without_rendering()
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert len(panels) == many
    for axes in panels:
        printed = axes.texts[0].get_window_extent()
        (points,) = (line for line in axes.lines if line.get_marker() == "o")
        places = axes.transData.transform(points.get_xydata())
        assert not any(printed.contains(*place) for place in places)
        assert all(axes.bbox.contains(*place) for place in places)
    lowest: dict[float, object] = {}
    for axes in panels:
        lowest[round(axes.get_position().x0, 2)] = axes
    for axes in lowest.values():
        assert any(label.get_visible() and label.get_text() for label in axes.get_xticklabels())

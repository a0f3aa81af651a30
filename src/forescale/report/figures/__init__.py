"""One figure a file: a data function that returns a table, and its renderers."""

from forescale.report.figures import heatmap, law, learning_curves, parity

__all__ = ["heatmap", "law", "learning_curves", "parity"]

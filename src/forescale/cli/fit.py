"""``forescale fit``: a law for any table of learning-curve points."""

from __future__ import annotations


def fit() -> None:
    """Fit a scaling law to every curve of a table."""
    raise NotImplementedError

"""Figures, the page of a run, and its cards."""

from forescale.report.page import write_report

__all__ = ["write_report"]

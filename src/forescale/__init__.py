"""Scaling laws of transfer from computed to measured materials data."""

__version__ = "0.1.0"

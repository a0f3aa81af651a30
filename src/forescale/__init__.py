"""Scaling laws of transfer from computed to measured materials data."""

from importlib.metadata import version

__version__ = version("forescale")

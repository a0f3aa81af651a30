"""Named datasets: where they are, what they hold, and how to read them."""

from forescale.catalog.bibtex import bibtex
from forescale.catalog.entry import CatalogEntry, entry_names, get_entry
from forescale.catalog.loading import kept_dataset, load_dataset
from forescale.catalog.locating import here, locate

__all__ = [
    "CatalogEntry",
    "bibtex",
    "entry_names",
    "get_entry",
    "here",
    "kept_dataset",
    "load_dataset",
    "locate",
]

"""Named datasets: where they are, what they hold, and how to read them."""

from forescale.catalog.entry import CatalogEntry, entry_names, get_entry
from forescale.catalog.loading import load_dataset
from forescale.catalog.locating import locate

__all__ = ["CatalogEntry", "entry_names", "get_entry", "load_dataset", "locate"]

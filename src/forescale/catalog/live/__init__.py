"""Live materials databases, through the OPTIMADE protocol, as property tables.

One question to one database gives one table of computed values per composition. Each page
of the answer is on disk before the next is asked for, so that a download stopped by anything
continues, and a database that changes meanwhile is noticed.
"""

from forescale.catalog.live.fetching import Fetched, fetch_optimade
from forescale.catalog.live.http import Manners
from forescale.catalog.live.query import OptimadeQuery

__all__ = ["Fetched", "Manners", "OptimadeQuery", "fetch_optimade"]

"""What a user types in a notebook: runs, predictors, campaigns, loops, tables; richly displayed.

The names here are reached as ``forescale.run``, ``forescale.Run`` and so on; every method
calls what the command line calls.
"""

from forescale.face.campaign import Campaign
from forescale.face.comparison import Comparison, compare
from forescale.face.loop import Loop
from forescale.face.runs import Run, open_run, run
from forescale.face.tables import load_dataset, read_table

__all__ = [
    "Campaign",
    "Comparison",
    "Loop",
    "Run",
    "compare",
    "load_dataset",
    "open_run",
    "read_table",
    "run",
]

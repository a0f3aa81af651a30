"""Scaling laws of transfer from computed to measured materials data.

    >>> import forescale as fs
    >>> law = fs.fit_law([100, 200, 400, 800], [0.5, 0.4, 0.33, 0.28])
    >>> law.curve.n.tolist()
    [100.0, 200.0, 400.0, 800.0]

Everything that the command line does can be called from here; names are loaded when they
are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from forescale.drafts import Said, draft_study
    from forescale.face import (
        Campaign,
        Comparison,
        Loop,
        Run,
        compare,
        load_dataset,
        open_run,
        read_table,
        run,
    )
    from forescale.laws import Law, fit_law, fit_table
    from forescale.planning import Plan, Questions, make_plan
    from forescale.prediction import Predictor
    from forescale.study import Study, load_study
    from forescale.tables import PropertyTable

__version__ = "0.2.0"
__all__ = [
    "Campaign",
    "Comparison",
    "Law",
    "Loop",
    "Plan",
    "Predictor",
    "PropertyTable",
    "Questions",
    "Run",
    "Said",
    "Study",
    "__version__",
    "compare",
    "draft_study",
    "fit_law",
    "fit_table",
    "load_dataset",
    "load_study",
    "make_plan",
    "open_run",
    "read_table",
    "run",
]
_HOMES = {
    "Campaign": "face",
    "Comparison": "face",
    "Law": "laws",
    "Loop": "face",
    "Plan": "planning",
    "Predictor": "prediction",
    "PropertyTable": "tables",
    "Questions": "planning",
    "Run": "face",
    "Said": "drafts",
    "Study": "study",
    "compare": "face",
    "draft_study": "drafts",
    "fit_law": "laws",
    "fit_table": "laws",
    "load_dataset": "face",
    "load_study": "study",
    "make_plan": "planning",
    "open_run": "face",
    "read_table": "face",
    "run": "face",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that importing costs nothing (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'forescale' has no attribute {name!r}")
    value = getattr(import_module(f"forescale.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

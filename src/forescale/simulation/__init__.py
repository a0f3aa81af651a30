"""Computational campaigns: a queue of materials, an engine, results into a table as they land.

``forescale simulate CAMPAIGN.toml`` runs one; :func:`campaign_table` reads its results at any
moment as the computed source of a study. Engines follow the contract of :class:`Engine`.

Names are imported when they are first used: a worker process starts without most of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from forescale.engines.contract import Engine, EngineProtocol, Job, Record
    from forescale.simulation.campaign import Campaign
    from forescale.simulation.output import campaign_table, protocols
    from forescale.simulation.runner import run_campaign
    from forescale.simulation.status import Status

_HOMES = {
    "Campaign": "forescale.simulation.campaign",
    "Engine": "forescale.engines.contract",
    "EngineProtocol": "forescale.engines.contract",
    "Job": "forescale.engines.contract",
    "Record": "forescale.engines.contract",
    "Status": "forescale.simulation.status",
    "campaign_table": "forescale.simulation.output",
    "protocols": "forescale.simulation.output",
    "run_campaign": "forescale.simulation.runner",
}

__all__ = [
    "Campaign",
    "Engine",
    "EngineProtocol",
    "Job",
    "Record",
    "Status",
    "campaign_table",
    "protocols",
    "run_campaign",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)

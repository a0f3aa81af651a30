"""Computational campaigns: a queue of materials, an engine, results into a table as they land.

``forescale simulate CAMPAIGN.toml`` runs one; :func:`campaign_table` reads its results at any
moment as the computed source of a study. Engines follow the contract of :class:`Engine`.
"""

from forescale.simulation.campaign import Campaign
from forescale.simulation.engine import Engine, EngineProtocol, Job, Record
from forescale.simulation.output import campaign_table, protocols
from forescale.simulation.runner import Status, run_campaign

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

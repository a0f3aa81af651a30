"""Places to work behind one contract: processes here, Dask distributed, arrays of Slurm."""

from forescale._machine.executors.config import ClusterChoice, ClusterConfig, find_cluster
from forescale._machine.executors.contract import (
    Ended,
    Event,
    Executor,
    Health,
    Left,
    Node,
    Resources,
    Told,
)
from forescale._machine.executors.opening import open_executor, place_to_work
from forescale._machine.executors.running import Workers, run_jobs

__all__ = [
    "ClusterChoice",
    "ClusterConfig",
    "Ended",
    "Event",
    "Executor",
    "Health",
    "Left",
    "Node",
    "Resources",
    "Told",
    "Workers",
    "find_cluster",
    "open_executor",
    "place_to_work",
    "run_jobs",
]

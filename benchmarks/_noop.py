"""An engine that does nothing, in a file that workers import alone."""

from __future__ import annotations

from forescale.simulation import EngineProtocol, Job, Record


class NoOp:
    """An engine that does nothing."""

    name = "noop"
    kinds = frozenset({"molecule"})
    units = {"length": ""}  # noqa: RUF012
    version = "1"
    Settings = EngineProtocol

    def __init__(self, settings: EngineProtocol) -> None:
        self.settings = settings

    def check(self) -> None:
        """Nothing is needed."""

    def compute(self, job: Job) -> Record:
        """Return the length of the key."""
        return Record({"length": float(len(job.material))})

"""An engine that hands out a table at a second a value, in a file that workers import alone."""

from __future__ import annotations

import time
from typing import ClassVar

from forescale.engines.contract import Job, Record
from forescale.engines.replay import ReplayEngine

SECONDS = 1.0


class SlowReplay(ReplayEngine):
    """The engine ``replay``, which takes a second for each value."""

    name: ClassVar[str] = "slow_replay"

    def compute(self, job: Job) -> Record:
        """See :class:`~forescale.engines.replay.ReplayEngine`."""
        time.sleep(SECONDS)
        return super().compute(job)

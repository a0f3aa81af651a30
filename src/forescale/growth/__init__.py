"""The closed loop: which arm, which material, how many, stop; a campaign and a study that grow.

``forescale grow LOOP.toml`` runs one. Orders of materials are plug-ins (:mod:`.orders`).
"""

from forescale.growth.config import LoopConfig
from forescale.growth.decisions import Decision, Standing, decide
from forescale.growth.lookback import LookBack
from forescale.growth.loop import Finished, Loop

__all__ = ["Decision", "Finished", "LookBack", "Loop", "LoopConfig", "Standing", "decide"]

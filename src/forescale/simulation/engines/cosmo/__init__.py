"""Activity coefficients and Flory–Huggins chi from quantum chemistry: COSMO and COSMO-SAC."""

from forescale.simulation.engines.cosmo.engine import CosmoEngine
from forescale.simulation.engines.cosmo.settings import CosmoSettings

__all__ = ["CosmoEngine", "CosmoSettings"]

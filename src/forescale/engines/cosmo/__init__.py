"""Activity coefficients and Flory–Huggins chi from quantum chemistry: COSMO and COSMO-SAC."""

from forescale.engines.cosmo.engine import CosmoEngine
from forescale.engines.cosmo.settings import CosmoSettings

__all__ = ["CosmoEngine", "CosmoSettings"]

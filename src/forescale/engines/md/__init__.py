"""All-atom molecular dynamics of amorphous polymers: the ``md`` engine.

``engine`` is the way in; ``chains`` builds and types, ``stages`` and ``settings`` are the
protocol, ``simulate`` carries it out with checkpoints, ``openmm_backend`` and ``lammps_backend`` do
the dynamics, ``properties`` turns samples into numbers.
"""

from forescale.engines.md.engine import MdEngine
from forescale.engines.md.settings import MdSettings

__all__ = ["MdEngine", "MdSettings"]

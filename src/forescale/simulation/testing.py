"""The engine contract as a test suite that any implementation can run.

Subclass :class:`EngineContract` in a test module, name the engine and some materials, and let
pytest collect it::

    from forescale.simulation.testing import EngineContract

    class TestMyEngine(EngineContract):
        engine_type = MyEngine
        name = "my_package.my_engine:MyEngine"
        settings = {"level": "fast"}
        works = (("molecule", "CCO"), ("molecule", "c1ccccc1"))
        refuses = (("molecule", "[Na+]"),)

The last test runs the engine in a campaign with worker processes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from forescale.engines.contract import Engine, EngineProtocol, Job, Record
from forescale.engines.registry import build_engine, resolve
from forescale.errors import ConfigError, MaterialError
from forescale.simulation.campaign import Campaign
from forescale.simulation.output import campaign_table
from forescale.simulation.runner import run_campaign


def _message(expected: type[Exception], call: Callable[[], object]) -> str:
    """The message of the error that a call must raise."""
    try:
        call()
    except expected as error:
        return str(error)
    raise AssertionError(f"{call} raised no {expected.__name__}")


class EngineContract:
    """Tests that every engine passes.

    Attributes
    ----------
    engine_type
        The engine class.
    name
        Its name as in campaign files.
    settings
        Settings to build it with.
    works
        Canonical materials that it can do.
    refuses
        Canonical materials that it must refuse with :class:`MaterialError`.
    """

    engine_type: ClassVar[type[Any]]
    name: ClassVar[str]
    settings: ClassVar[dict[str, Any]] = {}
    works: ClassVar[tuple[tuple[str, str], ...]]
    refuses: ClassVar[tuple[tuple[str, str], ...]] = ()

    def _engine(self) -> Engine:
        engine = build_engine(resolve(self.name, Path.cwd()), self.settings, Path.cwd())
        engine.check()
        return engine

    def test_describes_itself(self) -> None:
        """Name, kinds, units and version are there and of the right type."""
        engine = self._engine()
        assert isinstance(engine, Engine)
        assert engine.name
        assert engine.name.replace("-", "").replace("_", "").isalnum()
        assert engine.kinds
        assert engine.units
        assert engine.version
        assert all(kind in engine.kinds for kind, _ in self.works)

    def test_units_are_known(self) -> None:
        """Every unit can be converted."""
        import numpy as np

        from forescale.tables import convert

        for unit in self._engine().units.values():
            assert convert(np.ones(1), unit, unit)[0] == 1.0

    def test_refuses_unknown_settings(self) -> None:
        """A misspelt setting is an error that names it."""
        assert issubclass(self.engine_type.Settings, EngineProtocol)
        spec, settings = resolve(self.name, Path.cwd()), self.settings | {"no_such_key": 1}
        message = _message(ConfigError, lambda: build_engine(spec, settings, Path.cwd()))
        assert "no_such_key" in message

    def test_computes_finite_values_of_every_property(self, tmp_path: Path) -> None:
        """A record has one finite number for each property."""
        engine = self._engine()
        for kind, material in self.works:
            record = engine.compute(Job(material, kind, 0, tmp_path))
            assert isinstance(record, Record)
            assert set(record.values) >= set(engine.units)
            assert all(math.isfinite(record.values[name]) for name in engine.units)

    def test_same_seed_same_numbers(self, tmp_path: Path) -> None:
        """A second engine with the same seed repeats the numbers."""
        kind, material = self.works[0]
        first, second = (
            self._engine().compute(Job(material, kind, 7, tmp_path)).values for _ in range(2)
        )
        assert all(math.isclose(first[n], second[n], rel_tol=1e-6, abs_tol=1e-6) for n in first)

    def test_refuses_what_it_cannot_do(self, tmp_path: Path) -> None:
        """Unsupported materials raise MaterialError, which names them."""
        engine = self._engine()
        for kind, material in self.refuses:
            job = Job(material, kind, 0, tmp_path)
            assert _message(MaterialError, partial(engine.compute, job))

    def test_runs_in_a_campaign(self, tmp_path: Path) -> None:
        """Worker processes compute and store the same kind of records."""
        kind = self.works[0][0]
        materials = [material for k, material in self.works if k == kind]
        (tmp_path / "materials.csv").write_text("\n".join(["smiles", *materials]) + "\n")
        campaign = Campaign.model_validate(
            {
                "name": "contract",
                "kind": kind,
                "results": tmp_path / "results",
                "materials": [{"file": tmp_path / "materials.csv"}],
                "engine": {"name": self.name, "protocol": self.settings},
            }
        )
        status = run_campaign(campaign)
        assert status.done == status.total == len(set(materials))
        first = next(iter(self._engine().units))
        assert len(campaign_table(campaign.results, first)) == status.done

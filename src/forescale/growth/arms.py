"""An arm at work: its pool, the sequence in which it was computed, its values so far."""

from __future__ import annotations

import json
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forescale._machine.executors import ClusterConfig
from forescale._machine.files import write_text
from forescale.descriptors import columns_of, describe
from forescale.engines.replay import ReplayEngine, ReplaySettings
from forescale.errors import ConfigError, EngineError, RunFolderError
from forescale.growth.config import ArmConfig, LoopConfig
from forescale.growth.judging import REFERENCE, SMALLEST
from forescale.growth.orders import Pool, choose, get_order
from forescale.growth.records import no_sequence, read_arm, read_sequence
from forescale.learners.contract import Ints
from forescale.simulation import Campaign, campaign_table, run_campaign
from forescale.simulation.campaign import MaterialsConfig
from forescale.simulation.runner import header_of
from forescale.simulation.sources import list_materials
from forescale.tables import PropertyTable

_NONE = (MaterialsConfig(dataset="its own"),)  # of a replayed table, which lists them itself


@dataclass(frozen=True)
class Values:
    """What an arm has computed, in the order in which it was asked for.

    Parameters
    ----------
    rows
        Rows of the pool, shape (n,).
    values
        Computed values in ``unit``, shape (n,).
    rounds
        Round in which each was asked for, shape (n,).
    seconds
        Seconds that each took, shape (n,).
    """

    rows: Ints
    values: NDArray[np.float64]
    rounds: Ints
    seconds: NDArray[np.float64]
    unit: str

    @classmethod
    def none(cls) -> Values:
        """Nothing computed yet."""
        return cls(np.empty(0, int), np.empty(0), np.empty(0, int), np.empty(0), "")


class Arm:
    """One arm of a loop, on disk under ``arms/NAME``.

    Parameters
    ----------
    config
        What the loop file says of it.
    loop
        The loop it belongs to.
    kind
        Kind of the materials, as the target's.
    folder
        Its folder.
    """

    def __init__(self, config: ArmConfig, loop: LoopConfig, kind: str, folder: Path) -> None:
        self.config, self.loop, self.kind, self.folder = config, loop, kind, folder
        self.order = get_order(config.order)
        self._property, self.label, self._replayed = self._opened()
        self.keys = self._pool()
        if not len(self.keys):
            raise ConfigError(f"arm {config.name!r}: its pool holds no material")
        self._place = {key: row for row, key in enumerate(self.keys)}
        self._remember()

    def describe(self, workers: int, *, show_progress: bool) -> None:
        """Featurise the pool (cached: only what is new costs time)."""
        blocks = describe(
            self.kind,
            self.loop.descriptor.name,
            list(self.keys),
            solvent_name=self.loop.descriptor.solvent,
            workers=workers,
            show_progress=show_progress,
        )
        self.features = np.concatenate([b.features.values[b.index] for b in blocks], axis=1)
        self.is_count = np.concatenate([b.features.is_count for b in blocks])
        self.columns = columns_of(blocks)
        self.sides = np.stack([b.index for b in blocks[:2]], axis=1) if len(blocks) > 1 else None
        if self.sides is not None:
            self.sides[:, 1] += self.sides[:, 0].max() + 1

    def keep(self, columns: Set[str]) -> None:
        """Keep these columns of what was described."""
        kept = [place for place, name in enumerate(self.columns) if name in columns]
        self.features, self.is_count = self.features[:, kept], self.is_count[kept]
        self.columns = tuple(self.columns[place] for place in kept)

    def reference(self, measured: NDArray[np.object_]) -> NDArray[np.float32]:
        """Features of materials of the pool, none of them measured where there are enough."""
        known = set(measured)
        rows = [row for row, key in enumerate(self.keys) if key not in known]
        return self.features[(rows if len(rows) >= SMALLEST else range(len(self.keys)))[:REFERENCE]]

    def sequence(self) -> pd.DataFrame:
        """What has been asked for: key, round, whether by control."""
        path = self.folder / "sequence.csv"
        return read_sequence(path) if path.exists() else no_sequence()

    def left(self, rounds: int) -> int:
        """Materials of the pool that were not asked for in the first rounds."""
        asked = self.sequence()
        return len(set(self.keys) - set(asked["key"][asked["round"] <= rounds]))

    def ask(self, number: int, count: int, targets: NDArray[np.float32]) -> pd.DataFrame:
        """Choose the materials of a round; what was chosen stays chosen after a crash."""
        asked = self.sequence()
        if (asked["round"] == number).any():
            return asked
        taken = np.array([self._place[key] for key in asked["key"] if key in self._place], int)
        candidates = np.setdiff1d(np.arange(len(self.keys)), taken)
        pool = Pool(
            self.features, self.is_count, taken, candidates, targets, self.sides,
            hidden=self.loop.judged.overlap == "exclude",
        )  # fmt: skip
        seed = int(np.random.SeedSequence(self.loop.seed, spawn_key=(number,)).generate_state(1)[0])
        rows, control = choose(self.order, pool, count, seed, control=self.config.control)
        new = pd.DataFrame({"key": self.keys[rows], "round": number, "control": control})
        asked = pd.concat([asked, new], ignore_index=True) if len(asked) else new
        write_text(self.folder / "sequence.csv", asked.to_csv(index=False))
        return asked

    def compute(self, cluster: ClusterConfig | None = None) -> None:
        """Compute what was asked for and is not there; campaigns resume by themselves.

        Raises
        ------
        EngineError
            If it was interrupted; what is finished is kept.
        """
        if self._replayed is not None:
            return
        materials = MaterialsConfig(file=self.folder / "sequence.csv", column="key")
        status = run_campaign(self._campaign((materials,)), cluster=cluster)
        if status.interrupted:
            raise EngineError(
                f"interrupted; what is finished is kept in {self.folder}, the same command goes on"
            )

    def values(self, rounds: int) -> Values:
        """Values of the first rounds, in the order in which they were asked for."""
        table = self._replayed
        if table is None:
            results = self.folder / "results"
            if not results.exists():
                return Values.none()
            table = campaign_table(results, self._property, self.label)
        computed = zip(table.keys, table.values, _seconds(table.frame), strict=True)
        found = {key: (value, seconds) for key, value, seconds in computed}
        asked = self.sequence()
        rows = [
            (self._place[key], *found[key], number)
            for key, number in zip(asked["key"], asked["round"], strict=True)
            if key in found and key in self._place and number <= rounds
        ]
        frame = pd.DataFrame(rows, columns=["place", "value", "seconds", "round"])
        return Values(
            frame["place"].to_numpy(dtype=np.int64),
            frame["value"].to_numpy(dtype=float),
            frame["round"].to_numpy(dtype=np.int64),
            frame["seconds"].to_numpy(dtype=float),
            table.unit,
        )

    def replayed_keys(self) -> list[str]:
        """Materials that the replayed table has values of.

        Raises
        ------
        ConfigError
            If the arm computes instead of replaying.
        """
        return [str(key) for key in self._table_replayed().keys]

    def replayed_values(self, rows: Ints) -> NDArray[np.float64]:
        """Values of some rows of the pool, in the table's unit, shape (rows,)."""
        table = self._table_replayed()
        known = dict(zip(table.keys, table.values, strict=True))
        return np.array([known[key] for key in self.keys[rows]], dtype=float)

    def _table_replayed(self) -> PropertyTable:
        if self._replayed is None:
            raise ConfigError(
                f"arm {self.config.name!r} computes with engine {self.config.engine.name!r}; "
                "looking back needs values that exist: give their table with --replay"
            )
        return self._replayed

    def _pool(self) -> NDArray[np.object_]:
        """Materials that may be computed, shuffled by the loop's seed."""
        if self.config.pool or self._replayed is None:
            return np.array(list_materials(self._campaign(self.config.pool)).keys, dtype=object)
        keys = np.array(sorted(self._replayed.keys), dtype=object)
        return keys[np.random.default_rng([self.loop.seed, len(keys)]).permutation(len(keys))]

    def _campaign(self, materials: tuple[MaterialsConfig, ...]) -> Campaign:
        config = self.config
        return Campaign(
            name=config.name,
            kind=self.kind,  # type: ignore[arg-type]
            results=self.folder / "results",
            materials=tuple(_absolute(m, self.loop.folder) for m in materials) or _NONE,
            engine=config.engine,
            workers=config.workers,
            threads=config.threads,
            retries=config.retries,
            limits=config.limits,
            seed=self.loop.seed,
            on_error="skip",
            folder=self.loop.folder,
        )

    def _opened(self) -> tuple[str, str, PropertyTable | None]:
        """Property, label of the protocol, and the table where values are handed out from one."""
        campaign = self._campaign(self.config.pool)
        header = header_of(campaign)
        replayed = None
        if header.engine == ReplayEngine.name:
            settings = ReplaySettings.model_validate(
                campaign.engine.protocol, context={"folder": campaign.folder}
            )
            replayed = settings.load()
        names = list(header.units)
        wanted = self.config.property or (names[0] if len(names) == 1 else None)
        if wanted not in names:
            raise ConfigError(
                f"arm {self.config.name!r}: property: got {self.config.property!r}, expected one "
                f"of {', '.join(names)}"
            )
        return wanted, header.label, replayed

    def _remember(self) -> None:
        """Refuse to go on under another protocol: earlier values would be of something else."""
        path = self.folder / "arm.json"
        now = {"label": self.label, "property": self._property}
        if path.exists():
            then = read_arm(path)
            differing = [key for key in now if then[key] != now[key]]
            if differing:
                raise RunFolderError(
                    f"{self.folder}: was begun with another {' and '.join(differing)} "
                    f"({then[differing[0]]}, now {now[differing[0]]}); give the new arm a name "
                    "of its own"
                )
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(now, indent=2) + "\n")


def _absolute(materials: MaterialsConfig, base: Path) -> MaterialsConfig:
    if materials.file is None:
        return materials
    return materials.model_copy(update={"file": base / materials.file})


def _seconds(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Seconds of each job; one, where a table does not tell."""
    return np.asarray(frame.get("wall_s", pd.Series(1.0, frame.index)), dtype=float)

"""The closed loop: compute, learn, forecast, decide; until it no longer pays.

A round does what the last one decided, on disk before the next begins. The loop file may change
between rounds (arms, materials, measured values, budget): what is there is then judged anew.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import tomli_w

from forescale._machine.executors import ClusterConfig, find_cluster
from forescale._machine.files import locked, write_text
from forescale._machine.progress import say
from forescale._machine.workers import default_workers
from forescale.errors import ConfigError
from forescale.growth.arms import Arm, Values
from forescale.growth.config import LoopConfig
from forescale.growth.decisions import Decision, Standing, decide
from forescale.growth.describing import on_shared_columns
from forescale.growth.folder import LoopFolder
from forescale.growth.judging import SMALLEST, Bench, Computed, bench_of, sizes_up_to
from forescale.growth.lookback import LookBack, look_back
from forescale.growth.measuring import write_measure_list
from forescale.growth.page import write_page
from forescale.growth.standing import arm_law
from forescale.laws import Law
from forescale.simulation.campaign import EngineConfig
from forescale.tables import convert

_DRAWN_EVERY = 10.0  # seconds between two drawings of the page
Observer = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Finished:
    """What a call of :meth:`Loop.run` leaves behind."""

    folder: Path
    rounds: list[dict[str, Any]]
    stopped: str | None
    error: float | None = field(default=None)

    def to_json(self) -> dict[str, Any]:
        """``{"loop", "rounds", "stopped"}``, as the command line prints it."""
        return {"loop": str(self.folder), "rounds": self.rounds, "stopped": self.stopped}


class Loop:
    """A loop file and its folder.

    Parameters
    ----------
    config
        What the file says.
    folder
        Where the loop lives; by default ``loops/NAME`` beside the file.

    Examples
    --------
    ``Loop.from_toml("loop.toml").run()`` goes on where the last call ended.
    """

    def __init__(self, config: LoopConfig, folder: str | Path | None = None) -> None:
        self.config = config
        default = config.folder / "loops" / config.name
        self.folder = LoopFolder(Path(folder) if folder is not None else default)

    @classmethod
    def from_toml(cls, path: str | Path, folder: str | Path | None = None) -> Loop:
        """The loop of a file."""
        return cls(LoopConfig.from_toml(Path(path)), folder)

    def run(
        self,
        *,
        rounds: int | None = None,
        until_error: float | None = None,
        workers: int = 0,
        cluster: str | None = None,
        observe: Observer | None = None,
        show_progress: bool = True,
    ) -> Finished:
        """Run rounds until the loop stops.

        Parameters
        ----------
        rounds
            Most rounds of this call.
        until_error
            Stop at this error, in the metric's unit, instead of the file's.
        workers
            Processes for features and replicates; 0 takes all processors.
        cluster
            Where arms compute, instead of what the file says: a name of the user's
            ``clusters.toml``, an address, or ``local``.

        Returns
        -------
        Finished
            All rounds so far; ``stopped`` is the reason, None if rounds are left to do.

        Raises
        ------
        ConfigError, DataError, MissingDependencyError
            If the request is wrong, before anything is computed.
        EngineError, RunFolderError
            If the work cannot go on; what is finished is kept.
        """
        place = find_cluster(cluster, self.config.cluster)
        with self._held():
            work = self._begin(until_error, workers, show_progress)
            work.cluster = place
            left = rounds if rounds is not None else -1
            try:
                while left and work.decision.action == "compute":
                    record = work.round()
                    left -= 1
                    if observe is not None:
                        observe(record)
            finally:
                work.draw()
            stopped = None if work.decision.action == "compute" else work.decision.reason
        return Finished(self.folder.path, self.folder.rounds(), stopped)

    def next(self, *, workers: int = 0, show_progress: bool = True) -> Decision:
        """What the next round would do, and why; nothing is computed."""
        with self._held():
            return self._begin(None, workers, show_progress).decision

    def look_back(
        self,
        tables: Sequence[str | Path] = (),
        *,
        replicates: int = 10,
        workers: int = 0,
        show_progress: bool = True,
    ) -> LookBack:
        """Compare the arms' orders, and random order, on values that exist.

        Parameters
        ----------
        tables
            Property tables (Parquet) that stand for the first arm's engine; without any, the first
            arm's engine must be ``replay``.

        Raises
        ------
        ConfigError
            If the first arm's values do not exist.
        """
        config = self.config
        if tables:
            protocol = {"table": str(Path(tables[0]).resolve())}
            engine = EngineConfig(name="replay", protocol=protocol)
            first = config.arm[0].model_copy(update={"engine": engine, "property": None})
            config = config.model_copy(update={"arm": (first, *config.arm[1:])})
        workers = workers or default_workers()
        orders = tuple(dict.fromkeys(["random", *(arm.order for arm in config.arm)]))
        with TemporaryDirectory() as scratch:
            bench = bench_of(config, workers, show_progress=show_progress)
            kind = bench.target.material_kind
            arm = Arm(config.arm[0], config, kind, Path(scratch) / "arm")
            bench = on_shared_columns(bench, [arm], workers, show_progress=show_progress)
            most = min(len(arm.replayed_keys()), int(config.budget.total / (arm.config.cost or 1)))
            return look_back(
                arm,
                bench,
                orders,
                sizes_up_to(most, config.first, 2.0),
                replicates=replicates,
                seed=config.seed,
                control=arm.config.control,
                workers=workers,
                show_progress=show_progress,
            )

    @contextmanager
    def _held(self) -> Iterator[None]:
        """One process at a time; a second is told who holds the folder."""
        self.folder.open()
        with locked(self.folder.path / ".lock", "another loop"):
            yield

    def _begin(self, until_error: float | None, workers: int, show_progress: bool) -> _Work:
        config = self.config
        if until_error is not None:
            budget = config.budget.model_copy(update={"target_error": until_error})
            config = config.model_copy(update={"budget": budget})
        return _Work(config, self.folder, workers or default_workers(), show_progress)


class _Work:
    """The state of one call: bench, arms, errors, decision."""

    def __init__(
        self, config: LoopConfig, folder: LoopFolder, workers: int, show_progress: bool
    ) -> None:
        self.config, self.folder, self.workers = config, folder, workers
        self.cluster: ClusterConfig | None = None
        self._drawn = -_DRAWN_EVERY
        self._laws: dict[str, tuple[pd.DataFrame, Law | None]] = {}
        bench = bench_of(config, workers, show_progress=show_progress)
        target = bench.target
        self.arms = {
            arm.name: Arm(arm, config, target.material_kind, folder.arm(arm.name))
            for arm in config.arm
        }
        arms = list(self.arms.values())
        self.bench = on_shared_columns(bench, arms, workers, show_progress=show_progress)
        self.digests = {n: _digest(config, self.bench, arm) for n, arm in self.arms.items()}
        with folder.writing():
            write_text(folder.path / "loop.toml", tomli_w.dumps(config.to_plain()))
        self.records = folder.rounds()
        self.errors = folder.errors()
        self.anew = self._judge_anew()
        self.decision = self._decide()

    def _judge_anew(self) -> list[str]:
        """Find errors again of arms whose pool, or measured values, are not what they were."""
        then = self.records[-1].get("digests", {}) if self.records else {}
        anew = [n for n, digest in self.digests.items() if then.get(n, digest) != digest]
        if anew:
            say(f"a pool, measured values or how errors are found changed: {', '.join(anew)} anew")
        for name in anew:
            self.errors = self.errors[self.errors["arm"] != name]
            self._judge(name)
        return anew

    def round(self) -> dict[str, Any]:
        """Do what was decided, and decide what is next."""
        number, done, name = len(self.records) + 1, self.decision, str(self.decision.arm)
        arm = self.arms[name]
        arm.ask(number, done.count, self.bench.features)
        arm.compute(self.cluster)
        new = self._judge(name, number)
        standings = self._standings(number)
        spent = sum(s.n * s.cost for s in standings)
        record = {
            "round": number,
            "arm": name,
            "n": {s.name: s.n for s in standings},
            "cost": spent,
            "error": _lowest(standings),
            "errors": {s.name: _number(s.error) for s in standings},
            "forecast": done.to_json()["forecast"],
            "decision": done.action,
            "reason": done.reason,
            "digests": self.digests,
            "anew": self.anew,
        }
        self.records.append(record)
        self.decision = self._decide()
        record["next"] = self.decision.to_json()
        found = self.errors[self.errors["arm"].isin(self.anew)]
        if name not in self.anew:
            found = pd.concat([found, new], ignore_index=True) if len(found) else new
        self.folder.add(record, found.assign(round=number))
        self.anew = []
        if self.decision.action == "measure":
            best = min(standings, key=lambda s: s.error)
            write_measure_list(self.folder.path, self.arms[best.name], self.bench, self.config.seed)
        if time.monotonic() - self._drawn > _DRAWN_EVERY:
            self.draw()
        return record

    def draw(self) -> None:
        """Write the page; a round alone would be drawn longer than it is worked at."""
        with self.folder.writing():
            write_page(self.folder.path, self.config, self.records, self.bench.target.unit)
        self._drawn = time.monotonic()

    def _judge(self, name: str, number: int | None = None) -> pd.DataFrame:
        """Find the errors of an arm, up to a round, at the sizes that have none yet."""
        arm = self.arms[name]
        values = arm.values(len(self.records) if number is None else number)
        if len(values.rows) < SMALLEST:
            return self.errors.iloc[:0]
        computed = self._computed(arm, values)
        ends = np.append(np.flatnonzero(np.diff(values.rounds)) + 1, len(values.rows))
        sizes = np.union1d(sizes_up_to(len(values.rows), SMALLEST), ends[ends >= SMALLEST])
        known = self.errors[self.errors["arm"] == name]["n_source"].unique()
        new = np.setdiff1d(sizes, known)
        scratch = self.folder.arm(name) / "distances"
        found = self.bench.errors(computed, new, scratch, self.workers).assign(arm=name)
        frames = [self.errors, found] if len(self.errors) else [found]
        self.errors = pd.concat(frames, ignore_index=True)
        return found

    def _computed(self, arm: Arm, values: Values) -> Computed:
        unit = self.bench.target.unit
        numbers = values.values
        if arm.config.cross_property:
            numbers = (numbers - numbers.mean()) / (numbers.std() or 1.0)
        else:
            try:
                numbers = convert(numbers, values.unit, unit)
            except ConfigError as error:
                raise ConfigError(
                    f"arm {arm.config.name!r}: {error}, the unit of the target; for another "
                    "property say cross_property = true"
                ) from None
        return Computed(
            arm.keys[values.rows],
            arm.features[values.rows],
            np.asarray(numbers, dtype=float),
            values.rounds,
            arm.config.order == "random",
            arm.reference(self.bench.target.keys),
        )

    def _standings(self, rounds: int) -> list[Standing]:
        return [self._standing(arm, rounds) for arm in self.arms.values()]

    def _standing(self, arm: Arm, rounds: int) -> Standing:
        name, config = arm.config.name, arm.config
        values = arm.values(rounds)
        n, cost = len(values.rows), config.cost
        if cost is None:
            cost = float(values.seconds.mean()) if n else 1.0
        mine = self.errors[(self.errors["arm"] == name) & (self.errors["n_source"] > 0)]
        most = self.bench.sizes_m[-1]
        curve = mine[mine["n_target"] == most]
        at_m, error = {}, float("nan")
        if len(curve):
            last = mine[mine["n_source"] == curve["n_source"].max()]
            error = float(last[last["n_target"] == most]["value"].mean())
            at_m = {
                int(m): part.sort_values("replicate")["value"].to_numpy()
                for m, part in last.groupby("n_target")
            }
        law = self._law(name, curve)
        found = (r["errors"][name] for r in self.records[:rounds] if r["arm"] == name)
        past = tuple(float(one) for one in found if one is not None)
        return Standing(name, n, arm.left(rounds), max(cost, 1e-9), law, error, at_m, past)

    def _law(self, name: str, curve: pd.DataFrame) -> Law | None:
        """The law of an arm's curve, fitted once for each curve."""
        if name not in self._laws or not self._laws[name][0].equals(curve):
            law = arm_law(self.errors, name, self.bench.sizes_m[-1], self.config)
            self._laws[name] = (curve, law)
        return self._laws[name][1]

    def _decide(self) -> Decision:
        standings = self._standings(len(self.records))
        spent = sum(s.n * s.cost for s in standings)
        return decide(standings, self.config, spent, len(self.records) + 1)


def _digest(config: LoopConfig, bench: Bench, arm: Arm) -> str:
    """Hash of what an arm's errors depend on beside its computed values."""
    whole = config.to_plain()
    plain = {key: whole.get(key) for key in ("seed", "judged", "descriptor", "learner")}
    told = [plain, arm.config.order == "random", arm.config.cross_property]
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    digest.update("\n".join(bench.target.keys).encode())
    digest.update(np.ascontiguousarray(bench.target.values, dtype="<f8").tobytes())
    digest.update(arm.reference(bench.target.keys).tobytes())
    return digest.hexdigest()


def _lowest(standings: list[Standing]) -> float | None:
    return _number(min((s.error for s in standings if np.isfinite(s.error)), default=float("nan")))


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None

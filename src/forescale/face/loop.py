"""The closed loop from Python: what it has done, what it would do next, and going on with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pandas as pd

from forescale import growth
from forescale._machine.display import html_table
from forescale.growth import Decision, LookBack
from forescale.growth.figure import steps
from forescale.words import count, number, with_interval

_COLUMNS = ["round", "arm", "n", "cost", "error", "median", "low", "high", "reason"]


class Loop:
    """A loop file and its folder: computing, learning and deciding until it no longer pays.

    Parameters
    ----------
    loop
        The loop, as :mod:`forescale.growth` has it; see :meth:`from_toml`.

    Examples
    --------
    >>> import forescale as fs
    >>> loop = fs.Loop.from_toml("loop.toml")  # doctest: +SKIP
    >>> loop.next().reason  # doctest: +SKIP
    'arm xtb has no law yet'
    >>> loop.run(rounds=3).rounds  # doctest: +SKIP
    """

    def __init__(self, loop: growth.Loop) -> None:
        self._loop = loop

    @classmethod
    def from_toml(cls, path: str | Path, folder: str | Path | None = None) -> Self:
        """Read a loop file.

        Parameters
        ----------
        folder
            Where the loop lives; by default ``loops/NAME`` beside the file.

        Raises
        ------
        ConfigError
            Names the file, each bad key, what was got and what is allowed.
        """
        return cls(growth.Loop.from_toml(path, folder))

    @property
    def config(self) -> growth.LoopConfig:
        """What the file says."""
        return self._loop.config

    @property
    def path(self) -> Path:
        """The loop's folder."""
        return self._loop.folder.path

    def next(self, *, workers: int = 1, show_progress: bool = True) -> Decision:
        """What the next round would do, and why; nothing is computed."""
        return self._loop.next(workers=workers, show_progress=show_progress)

    def run(
        self,
        *,
        rounds: int | None = None,
        until_error: float | None = None,
        workers: int = 1,
        observe: Callable[[dict[str, Any]], None] | None = None,
        show_progress: bool = True,
    ) -> Self:
        """Run rounds until the loop stops; running again goes on.

        Parameters
        ----------
        rounds
            Most rounds of this call; by default as many as it takes.
        until_error
            Stop at this error, in the metric's unit, instead of the file's.
        workers
            Processes for featurising.
        observe
            Called with each finished round.

        Raises
        ------
        ConfigError, DataError, MissingDependencyError
            If the request is wrong, before anything is computed.
        EngineError, RunFolderError
            If the work cannot go on; what is finished is kept.
        """
        self._loop.run(
            rounds=rounds,
            until_error=until_error,
            workers=workers,
            observe=observe,
            show_progress=show_progress,
        )
        return self

    @property
    def rounds(self) -> pd.DataFrame:
        """Finished rounds: round, arm, n, cost, error, what was foreseen of it, and why."""
        records = self._loop.folder.rounds()
        if not records:
            return pd.DataFrame(columns=_COLUMNS)
        return steps(records).assign(reason=[one["reason"] for one in records])[_COLUMNS]

    @property
    def errors(self) -> pd.DataFrame:
        """All errors: columns arm, round, replicate, n_source, n_target, metric, value."""
        return self._loop.folder.errors()

    @property
    def stopped(self) -> str | None:
        """Why the loop stops after its last round; None while rounds are left to do."""
        last = self._following()
        return None if last is None or last["action"] == "compute" else str(last["reason"])

    @property
    def report(self) -> Path | None:
        """The loop's page; None before the first round is done."""
        page = self.path / "report.html"
        return page if page.is_file() else None

    def look_back(
        self,
        tables: Sequence[str | Path] = (),
        *,
        replicates: int = 10,
        workers: int = 1,
        show_progress: bool = True,
    ) -> LookBack:
        """Compare the arms' orders, and random order, on values that exist.

        Parameters
        ----------
        tables
            Property tables (Parquet) that stand for the first arm's engine; without any, it
            must be ``replay``.
        """
        return self._loop.look_back(
            tables, replicates=replicates, workers=workers, show_progress=show_progress
        )

    def _following(self) -> Mapping[str, Any] | None:
        records = self._loop.folder.rounds()
        return records[-1]["next"] if records else None

    def __repr__(self) -> str:
        arms = ", ".join(arm.name for arm in self.config.arm)
        return f"Loop({self.config.name!r}, arms=[{arms}], rounds={len(self.rounds)})"

    def _repr_html_(self) -> str:
        """Return the rounds as a table, for a notebook."""
        heads = ("round", "arm", "n", "cost", "error", "foreseen", "why")
        title = f"{self.config.name} – {self.stopped or 'rounds are left to do'}"
        return html_table(title, map(_cells, self.rounds.to_dict("records")), heads)


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    foreseen = (float(row[name]) for name in ("median", "low", "high"))
    return (
        count(row["round"]), row["arm"], count(row["n"]), number(row["cost"], 4),
        number(row["error"], 4), with_interval(*foreseen), row["reason"],
    )  # fmt: skip

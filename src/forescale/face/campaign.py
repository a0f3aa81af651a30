"""Campaigns of computational experiments, from Python."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from forescale import simulation
from forescale.simulation import Status
from forescale.tables import PropertyTable


@dataclass(frozen=True)
class Campaign:
    """A campaign file, ready to run or to go on with.

    Examples
    --------
    >>> import forescale as fs
    >>> status = fs.Campaign.from_toml("campaign.toml").run(workers=2)  # doctest: +SKIP
    """

    config: simulation.Campaign

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Read a campaign file.

        Raises
        ------
        ConfigError
            Names the file, each bad key, what was got and what is allowed.
        """
        return cls(simulation.Campaign.from_toml(Path(path)))

    def run(
        self,
        *,
        workers: int | None = None,
        limit: int | None = None,
        keep: bool = False,
        retry_failed: bool = False,
    ) -> Status:
        """Run what is missing; running again goes on.

        Parameters
        ----------
        workers
            Worker processes, instead of the file's number.
        limit
            Stop after this many calculations.
        keep
            Keep the engine's files.
        retry_failed
            Try again what has failed for good.
        """
        config = self.config
        if workers is not None:
            config = config.model_copy(update={"workers": workers})
        return simulation.run_campaign(config, limit=limit, keep=keep, retry_failed=retry_failed)

    def table(self, property_name: str, *, label: str | None = None) -> PropertyTable:
        """Results so far, as a computed table of a study.

        Parameters
        ----------
        property_name
            Property that the engine computes.
        label
            Label of the protocol, where the results folder holds several.
        """
        return simulation.campaign_table(self.results, property_name, label)

    @property
    def results(self) -> Path:
        """The results folder."""
        return self.config.results

    def __repr__(self) -> str:
        return f"Campaign({self.config.name!r}, engine={self.config.engine.name!r})"

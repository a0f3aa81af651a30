"""What is asked of a database."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from forescale._machine.imports import optional
from forescale.errors import ConfigError

EXTRA = "optimade"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class OptimadeQuery:
    """A property of the structures of one database.

    Parameters
    ----------
    provider
        A provider of the OPTIMADE list (``mp``, ``oqmd``, ``aflow``, ``jarvis``,
        ``alexandria``, …), with ``/DATABASE`` where it has several, or a base URL.
    property_name
        A property of the provider, as in its ``/info/structures``. Dots lead into
        dictionaries: ``_mp_stability.gga_gga+u.energy_above_hull``.
    filter
        OPTIMADE filter; empty for everything.
    unit
        Unit wanted; the provider's own if left out.
    assumed_unit
        Unit to take the values in, whatever the provider states.
    limit
        Read no more than this many entries.
    valid
        Lowest and highest credible value in the table's unit; where left out, the range of
        the well-known quantity that the property's name tells, if any.

    Examples
    --------
    >>> OptimadeQuery("oqmd", "_oqmd_band_gap", "nelements=2").field
    '_oqmd_band_gap'
    >>> OptimadeQuery("mp", "_mp_stability.gga_gga+u.energy_above_hull").keys
    ('gga_gga+u', 'energy_above_hull')
    """

    provider: str
    property_name: str
    filter: str = ""
    unit: str | None = None
    assumed_unit: str | None = None
    limit: int | None = None
    valid: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.field):
            raise ConfigError(
                f"got property {self.property_name!r}, expected a name such as _oqmd_band_gap: "
                "letters, digits and underscores, then .KEY for a value of a dictionary"
            )
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"got a maximum of {self.limit} entries, expected at least 1")
        if self.valid is not None and not self.valid[0] < self.valid[1]:
            raise ConfigError("got a valid range of {:g} to {:g}".format(*self.valid))

    @property
    def field(self) -> str:
        """The property as the server knows it."""
        return self.property_name.partition(".")[0]

    @property
    def keys(self) -> tuple[str, ...]:
        """The way from the field's value to the number, where it is a dictionary."""
        return tuple(self.property_name.split(".")[1:])

    @property
    def digest(self) -> str:
        """Hash of what is asked of the server: downloads of equal hash continue each other."""
        asked = json.dumps([self.provider, self.field, self.keys, self.filter])
        return hashlib.sha256(asked.encode()).hexdigest()


def check_filter(text: str) -> None:
    """Refuse a filter that is not OPTIMADE's language before anything is asked.

    Raises
    ------
    ConfigError
        Says where the filter stops making sense.
    MissingDependencyError
        Without the extra ``optimade``.

    Examples
    --------
    >>> check_filter('elements HAS "O" AND nelements=2')
    """
    if not text:
        return
    parser = optional("optimade.filterparser", EXTRA).LarkParser()
    try:
        parser.parse(text)
    except Exception as error:  # the parser's own class, known only where it is installed
        detail = str(getattr(error, "detail", None) or error).partition("Expected one of")[0]
        raise ConfigError(
            f"got filter {text!r}, which is not an OPTIMADE filter such as "
            f"'elements HAS \"O\" AND nelements=2': {detail.strip()}"
        ) from None

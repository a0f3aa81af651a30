"""Numbers, intervals, units and lists as people read them, for terminal, page and cards alike.

No NaN ever comes out of here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Protocol

_THIN = "\u202f"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_NO_UNIT = {"", "1", "-", "dimensionless"}
_WORDS = {
    "degC": "°C",
    "degF": "°F",
    "angstrom": "Å",
    "percent": "%",
    "delta_degC": "°C",
    "ohm": "Ω",
    "kelvin": "K",
}
ABSENT = "–"


class Interval(Protocol):
    """An estimate with its interval, such as `forescale.laws.Distribution`."""

    @property
    def median(self) -> float:
        """The estimate."""
        ...

    @property
    def low(self) -> float:
        """Lower end."""
        ...

    @property
    def high(self) -> float:
        """Upper end, possibly infinite."""
        ...


def pretty_unit(unit: str | None) -> str:
    """Return a unit as printed on an axis; nothing for a dimensionless one.

    >>> pretty_unit("g/cm^3"), pretty_unit("J/(kg*K)"), pretty_unit("dimensionless")
    ('g/cm³', 'J/(kg·K)', '')
    """
    text = (unit or "").strip()
    if text in _NO_UNIT:
        return ""
    text = text.replace("**", "^")
    text = re.sub(r"\^\(?(-?\d+)\)?", lambda match: match[1].translate(_SUPERSCRIPTS), text)
    text = re.sub(r"[A-Za-z_]+", lambda match: _WORDS.get(match[0], match[0]), text)
    return re.sub(r"\s*\*\s*", "·", text)


def spaced_unit(unit: str | None) -> str:
    """Return a unit as it follows a number; nothing for a dimensionless one."""
    pretty = pretty_unit(unit)
    return f"\u00a0{pretty}" if pretty else ""


def labelled(name: str, unit: str | None) -> str:
    """Return a name with its unit in brackets, or alone where there is none.

    >>> labelled("RMSE", "g/cm^3"), labelled("R²", "")
    ('RMSE (g/cm³)', 'R²')
    """
    pretty = pretty_unit(unit)
    return f"{name} ({pretty})" if pretty else name


def number(value: float | None, digits: int = 3) -> str:
    """Return a number to so many significant digits.

    >>> number(0.12345), number(2384.0, 4), number(1.5e-7, 2), number(float("nan"))
    ('0.123', '2384', '1.5×10⁻⁷', '–')
    """
    if value is None or not math.isfinite(value):
        return ABSENT
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    exponent = math.floor(math.log10(abs(rounded)))
    if -4 <= exponent < 6:
        return fixed(rounded, max(digits - 1 - exponent, 0))
    return f"{fixed(rounded / 10.0**exponent, digits - 1)}×10{_power(exponent)}"


def tick(value: float) -> str:
    """Return a number for an axis, without trailing zeros.

    >>> tick(0.1), tick(20000.0), tick(3e-7)
    ('0.1', '20\u202f000', '3×10⁻⁷')
    """
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)) + 1e-9)
    if -4 <= exponent < 6:
        return fixed(value, max(_decimals_of(value), 0))
    mantissa = f"{value / 10.0**exponent:.4g}".replace("-", "−")
    return f"10{_power(exponent)}" if mantissa == "1" else f"{mantissa}×10{_power(exponent)}"


def fixed(value: float, decimals: int) -> str:
    """Return a number with fixed decimals, thousands set apart from 10 000 on.

    >>> fixed(-12345.678, 1)
    '−12\u202f345.7'
    """
    text = f"{value:,.{decimals}f}"
    text = text.replace(",", _THIN if abs(value) >= 1e4 else "")
    negative_zero = text.startswith("-") and not text.strip("-0.")
    return text.lstrip("-") if negative_zero else text.replace("-", "−")


def count(value: float | None) -> str:
    """Return a size: whole below a million, three digits above.

    >>> count(2384), count(1789123.0)
    ('2384', '1.79×10⁶')
    """
    if value is None or not math.isfinite(value):
        return ABSENT
    return fixed(round(value), 0) if abs(value) < 1e6 else number(value)


def with_interval(estimate: float | None, low: float | None, high: float | None) -> str:
    """Return an estimate and its interval, all to two digits of the interval's half width.

    >>> with_interval(0.10291, 0.1003, 0.1055)
    '0.1029 (0.1003 to 0.1055)'
    """
    values = [estimate, low, high]
    known = [v for v in values if v is not None and math.isfinite(v)]
    if estimate is None or len(known) < 3:
        return number(estimate)
    first, *ends = same_digits(known)
    return f"{first} ({ends[0]} to {ends[1]})"


def interval(value: Interval, unit: str | None = "") -> str:
    r"""Return a quantity with its interval and unit; what is out of reach is ∞.

    >>> from types import SimpleNamespace as N
    >>> interval(N(median=0.10291, low=0.1003, high=0.1055), "eV")
    '0.1029 (0.1003 to 0.1055)\xa0eV'
    """
    ends = (value.median, value.low, value.high)
    if any(math.isinf(v) for v in ends):
        middle, low, high = ("∞" if math.isinf(v) else number(v) for v in ends)
        return f"{middle} ({low} to {high}){spaced_unit(unit)}"
    return with_interval(*ends) + spaced_unit(unit)


def size(value: float | None) -> str:
    """Return a size that is estimated: three digits, ∞ where nothing finite answers.

    >>> size(12345.6), size(float("inf"))
    ('12\u202f300', '∞')
    """
    return "∞" if value is None or math.isinf(value) else count(float(f"{value:.3g}"))


def sizes(value: Interval) -> str:
    """Return an estimated size with its interval."""
    return f"{size(value.median)} ({size(value.low)} to {size(value.high)})"


def same_digits(values: list[float]) -> list[str]:
    """Return numbers to one number of decimals, set by how far they differ.

    >>> same_digits([0.5, 0.25, 0.751]), same_digits([0.01, 0.0004, 0.46])
    (['0.50', '0.25', '0.75'], ['0.010', '0.00040', '0.46'])
    """
    spread = (max(values) - min(values)) / 2
    largest = max(abs(v) for v in values)
    if spread <= 0 or largest >= 1e6 or largest < 1e-4:
        return [number(v) for v in values]
    wanted = 1 - math.floor(math.log10(spread))
    most = 5 - math.floor(math.log10(largest))  # six significant digits
    decimals = max(min(wanted, most), 0)
    if min(values) * max(values) >= 0 and any(0 < abs(v) < 0.5 * 10.0**-decimals for v in values):
        return [number(v, 2) for v in values]  # a small number is not 0.00
    return [fixed(v, decimals) if v else "0" for v in values]


def percent(share: float | None) -> str:
    r"""Return a share in per cent: whole ones from 10 % on, one decimal below.

    >>> percent(0.1042), percent(0.0317), percent(0.0001), percent(None)
    ('10\xa0%', '3.2\xa0%', '<0.1\xa0%', '–')
    """
    if share is None or not math.isfinite(share):
        return ABSENT
    if 0 < share < 5e-4:
        return "<0.1\u00a0%"
    whole = abs(share) >= 0.0995 or share == 0
    return f"{fixed(100 * share, 0 if whole else 1)}\u00a0%"


def confidence(level: float) -> str:
    r"""Return the level of intervals, exactly.

    >>> confidence(0.9), confidence(0.975)
    ('90\xa0%', '97.5\xa0%')
    """
    return f"{100 * level:g}\u00a0%"


def duration(seconds: float | None) -> str:
    """Return a time as people say it.

    >>> duration(7200), duration(45)
    ('2 h', '45 s')
    """
    if seconds is None or not math.isfinite(seconds):
        return ABSENT
    for unit, size_of in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size_of:
            value = seconds / size_of
            return f"{value:.2g} {unit}" if value < 100 else f"{value:.0f} {unit}"
    return f"{seconds:.0f} s"


def listed(words: Sequence[str]) -> str:
    """Join words as in a sentence.

    >>> listed(["20", "40", "80"])
    '20, 40 and 80'
    """
    found = list(words)
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)


def title_of(name: str) -> str:
    """Return a name as a title: what stands for spaces is one, the first letter is large.

    >>> title_of("refractive-index"), title_of("Tg_of_polymers"), title_of("pH 7")
    ('Refractive index', 'Tg of polymers', 'pH 7')
    """
    words = name if " " in name else name.replace("_", " ").replace("-", " ").strip()
    first = words.split(" ")[0]
    return words[:1].upper() + words[1:] if first.islower() else words


def m_name(m: int | None) -> str:
    """Return a number of measured values; none of them is zero-shot.

    >>> m_name(20), m_name(0)
    ('20', '0 (zero-shot)')
    """
    return count(m) if m else "0 (zero-shot)"


def _power(exponent: int) -> str:
    return str(exponent).translate(_SUPERSCRIPTS)


def _decimals_of(value: float) -> int:
    text = f"{value:.10f}".rstrip("0")
    return len(text.partition(".")[2])

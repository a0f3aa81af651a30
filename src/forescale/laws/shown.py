"""How a law shows itself in a notebook: one line, or a table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from forescale.laws.flags import MEANING
from forescale.words import confidence, count, interval, number

if TYPE_CHECKING:
    from forescale.laws.law import Law


def line(law: Law) -> str:
    """Return a law in a line."""
    where = "" if law.n_target is None else f", m = {law.n_target}"
    flags = f", flags: {', '.join(law.flags)}" if law.flags else ""
    return (
        f"Law({law.metric or law.name or 'curve'}{where}: {len(law.curve.n)} sizes up to n = "
        f"{count(float(law.curve.n[-1]))}, decay rate {interval(law.decay_rate)}, transfer gap "
        f"{interval(law.transfer_gap)}{flags})"
    )


def table(law: Law) -> str:
    """Return a law as an HTML table."""
    rows = [
        ("Decay rate α", interval(law.decay_rate)),
        ("Scale D", interval(law.scale)),
        ("Transfer gap C", interval(law.transfer_gap)),
        ("R²", number(law.r_squared)),
        ("Error at the largest n", number(float(law.curve.error[-1]))),
    ]
    ahead = law.predict(law.curve.n[-1] * 2.0**1), law.predict(law.curve.n[-1] * 2.0**3)
    for forecast in ahead:
        size, middle, low, high = (
            float(values[0])
            for values in (forecast.n_source, forecast.median, forecast.low, forecast.high)
        )
        shown = f"{number(middle)} ({number(low)} to {number(high)})"
        rows.append((f"Forecast at n = {count(size)}", shown))
    rows += [("The data cannot tell", MEANING.get(flag, flag)) for flag in law.flags]
    body = "".join(f"<tr><th>{escape(a)}</th><td>{escape(b)}</td></tr>" for a, b in rows)
    caption = f"E(n) = D·n<sup>−α</sup> + C, {confidence(law.level)} intervals"
    return f"<table><caption>{caption}</caption>{body}</table>"

"""How objects show themselves in a notebook: a small HTML table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def html_table(
    caption: str, rows: Iterable[Sequence[object]], heads: Sequence[str] | None = None
) -> str:
    """Return rows as an HTML table, everything in them as text.

    Parameters
    ----------
    heads
        Of the columns; without them the first cell of each row is its head.

    Examples
    --------
    >>> html_table("A < B", [("one", 1)])
    '<table><caption>A &lt; B</caption><tr><th>one</th><td>1</td></tr></table>'
    """
    if heads is None:
        body = "".join(f"<tr>{_cells(row[:1], 'th')}{_cells(row[1:], 'td')}</tr>" for row in rows)
    else:
        lines = (f"<tr>{_cells(row, 'td')}</tr>" for row in rows)
        body = "".join([f"<tr>{_cells(heads, 'th')}</tr>", *lines])
    return f"<table><caption>{escape(caption)}</caption>{body}</table>"


def _cells(cells: Sequence[object], tag: str) -> str:
    return "".join(f"<{tag}>{escape(str(cell))}</{tag}>" for cell in cells)

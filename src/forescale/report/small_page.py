"""Pages without scripts: of laws of a table, and of a comparison of runs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from forescale._machine.files import replace_file, write_text
from forescale.drawing import paper
from forescale.errors import ConfigError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as HTML, every cell escaped."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        "</div>"
    )


def write_page(path: Path, title: str, body: str) -> Path:
    """Write a page that needs no network.

    Parameters
    ----------
    title, body
        Text, and HTML that is safe.

    Raises
    ------
    ConfigError
        If its name does not end in .html, or it cannot be written.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"{path}: expected a name that ends in .html")
    html = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; img-src data:\">"
        f"<title>{escape(title)} – forescale</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1>{body}</body></html>\n"
    )
    try:
        write_text(path, html)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error})") from None
    return path


def write_figure(figure: Figure, path: Path) -> Path:
    """Write a figure.

    Raises
    ------
    ConfigError
        If the name does not end in .png, .svg or .pdf, or cannot be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise ConfigError(f"{path}: expected a name that ends in .png, .svg or .pdf")
    try:
        with replace_file(path) as temporary:
            figure.savefig(temporary, format=path.suffix.lower()[1:], dpi=paper.DPI)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error})") from None
    return path


_STYLE = (
    ":root{color-scheme:light dark;--ink:#1f2933;--line:#d5dae0;--paper:#fff}"
    "@media (prefers-color-scheme:dark){:root{--ink:#e4e7eb;--line:#37414b;--paper:#181d22}}"
    "body{max-width:62rem;margin:2rem auto;padding:0 1rem;font:16px/1.5 system-ui,sans-serif;"
    "color:var(--ink);background:var(--paper)}"
    "pre{white-space:pre-wrap;font:14px/1.5 ui-monospace,monospace}"
    "img{max-width:100%;background:#fff}.scroll{overflow-x:auto}"
    "table{border-collapse:collapse;font-size:.9rem}"
    "td,th{padding:.3rem .8rem .3rem 0;text-align:left;vertical-align:top;"
    "border-bottom:1px solid var(--line)}"
)

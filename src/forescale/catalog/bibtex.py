"""References as BibTeX, of datasets and of the method, found by DOI, arXiv number or address."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from forescale.catalog.entry import CatalogEntry

_ENTRY = re.compile(r"@\w+\{(\w+),.*?\n\}", re.DOTALL)
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s,;\"'<>]*[^\s,;.\"'<>)]")
_ARXIV = re.compile(r"\barXiv[: ](\d{4}\.\d{4,5})")
_ADDRESS = re.compile(r"https?://[^\s,;\"'<>]*[^\s,;.\"'<>)]")
_MARK = re.compile(r"\b(?:doi|eprint|url) = \{([^}]*)\}")


def bibtex(entry: CatalogEntry) -> str:
    """The works that a dataset cites as BibTeX, one after the other, its licence as a comment.

    >>> from forescale.catalog import get_entry
    >>> print(bibtex(get_entry("radonpy-pi1070")).splitlines()[1])
    @article{hayashi2022,
    """
    keys, unknown = keys_in(entry.citation)
    notes = [f"% {entry.name}. Licence: {entry.licence}", *(f"% also {one}" for one in unknown)]
    return "\n".join([*notes, *(references()[key] for key in keys)]) + "\n"


@cache
def references() -> dict[str, str]:
    """Every reference that is known, by its key.

    >>> references()["minami2025"].splitlines()[0]
    '@article{minami2025,'
    """
    text = files("forescale.catalog").joinpath("references.bib").read_text(encoding="utf-8")
    return {found[1]: found[0] for found in _ENTRY.finditer(text)}


@cache
def _by_mark() -> dict[str, str]:
    """Key of each reference, by its DOI, arXiv number or address."""
    marks = ((key, _MARK.search(text)) for key, text in references().items())
    return {found[1].lower(): key for key, found in marks if found is not None}


def keys_in(citation: str) -> tuple[list[str], list[str]]:
    """References that a citation names, and marks of those that are not known.

    >>> keys_in("Hayashi et al. (2022), doi 10.1038/s41524-022-00906-4; doi 10.1000/182")
    (['hayashi2022'], ['10.1000/182'])
    """
    marks = [*_DOI.findall(citation), *_ARXIV.findall(citation)]
    rest = _DOI.sub(" ", citation)
    marks += [one for one in _ADDRESS.findall(rest) if "doi.org" not in one]
    known = _by_mark()
    keys = [known[mark.lower()] for mark in marks if mark.lower() in known]
    return list(dict.fromkeys(keys)), [mark for mark in marks if mark.lower() not in known]

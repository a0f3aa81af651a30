"""Doubtful values of the study's tables, and the few materials that carry the error."""

from __future__ import annotations

from forescale.doubt import concentration, in_words, kept_doubts
from forescale.report.contents import Contents


def lines(contents: Contents) -> list[str]:
    """A sentence for each thing that a reader should check; empty where there is none."""
    found = in_words(kept_doubts(contents.path))
    few = concentration(contents.predictions)
    return [*([f"{few.sentence}."] if few is not None else []), *found]

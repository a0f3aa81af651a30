"""What the learner failed in: whole replicates, and cells (n, m) of others."""

from __future__ import annotations

from forescale.report.contents import Contents
from forescale.words import count, m_name

SHOWN = 20


def sentence(contents: Contents) -> str:
    """How much was lost, in words; empty where nothing was."""
    cells, replicates = len(contents.lost_cells), len(contents.lost_replicates)
    asked = contents.manifest.study.replicates
    parts = []
    if replicates:
        parts.append(f"in {count(replicates)} of {count(asked)} replicates altogether")
    if cells:
        every = len(contents.errors[["replicate", "n_source", "n_target"]].drop_duplicates())
        parts.append(f"in {count(cells)} of {count(every)} cells")
    if not parts:
        return ""
    return (
        f"The learner failed {' and '.join(parts)}. Means and laws are of the rest; where failing "
        "goes with a large error, they are too good."
    )


def rows(contents: Contents) -> list[list[str]]:
    """Rows of what was lost: n, m, replicates, reason; the most frequent first."""
    found = [["all", "all", count(r), why] for r, why in sorted(contents.lost_replicates.items())]
    grouped = contents.lost_cells.groupby(["n_source", "n_target", "reason"], sort=True)
    cells = sorted(grouped["replicate"].apply(list).items(), key=lambda item: -len(item[1]))
    for (n, m, why), replicates in cells:
        named = ", ".join(count(r) for r in replicates[:5])
        more = f" and {count(len(replicates) - 5)} more" if len(replicates) > 5 else ""
        found.append([count(n) if n else "scratch", m_name(m), named + more, str(why)])
    if len(found) > SHOWN:
        rest = len(found) - SHOWN
        found = [*found[:SHOWN], ["…", "…", "…", f"{count(rest)} more rows like these"]]
    return found

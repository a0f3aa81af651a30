"""A study file with comments: what stands there and why, and what else may be said."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from forescale.drafts.guess import TableGuess
from forescale.labels import MaterialKind

_BLEND = """\
[learner]
name = "blend"  # boosted trees and a process: best for compositions; "gp" is the process alone

"""
_TAIL = """\
# All that follows is optional; the lines show the defaults. Take the '#' away to change one.

# seed = 0                       # of every random choice: same seed, same numbers (goes to the top)
{replicates}
# [grid]                         # sizes at which the error is measured; unset, they fit the data
# n_source = {{ from = 30, count = 12 }}   # computed values, even in log n, up to all there are
# n_target = [20, 40, 80, 160]   # measured values for fine-tuning

# [descriptor]
# name = "{descriptor}"
{learner}
# [evaluation]
# split = "random"               # "cluster": test on materials unlike those learnt from
# overlap = "exclude"            # computed values of tested materials are hidden

# [plan]                         # what the plan is asked
# target_error = {error}
# cost_source = 1.0              # cost of one computed value, and of one measured value
# cost_target = 100.0
"""
_REPLICATES = """\
# replicates = 20                # repetitions with other test sets; more narrow the intervals
"""
_GP = """\

# [learner]
# name = "gp"                    # a Gaussian process; "blend" adds boosted trees at twice the cost
"""
_DESCRIPTORS = {
    "composition": "element_properties",
    "molecule": "structure",
    "pair": "structure",
    "polymer": "periodic",
}


@dataclass(frozen=True)
class Block:
    """One table as a study file says it.

    Parameters
    ----------
    keys
        What is said, in order.
    reasons
        Why, by key; written as comments.
    """

    keys: Mapping[str, Any]
    reasons: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, guess: TableGuess, folder: Path, *, cross_property: bool = False) -> Block:
        """Of a guessed table; its path is written relative to the folder of the study file."""
        keys = guess.to_toml()
        if guess.dataset is None:
            keys = {"file": relative(guess.file, folder), **keys}
        reasons = dict[str, str](guess.reasons)
        if cross_property:
            keys["cross_property"] = True
            reasons["cross_property"] = "another property than the measured one"
        return cls(keys, reasons)

    def lines(self) -> list[str]:
        """As lines of a study file, without the head."""
        found = []
        for key, value in self.keys.items():
            line, why = tomli_w.dumps({key: value}).strip(), self.reasons.get(key)
            found.append(f"{line}  # {why}" if why else line)
        return found


def study_text(
    name: str,
    sources: Sequence[Block],
    target: Block,
    measured: TableGuess,
    *,
    replicates: int | None = None,
    notes: Sequence[str] = (),
) -> str:
    """A study file, as text.

    Parameters
    ----------
    sources, target
        The computed tables and the measured one, as they are to be written.
    measured
        What the measured table holds.
    replicates
        Said where given.
    """
    said = {"name": name} | ({} if replicates is None else {"replicates": replicates})
    why = {} if replicates is None else {"replicates": "more narrow the intervals"}
    heads = ["[[source]]  # computed values; a second [[source]] has a curve of its own"]
    heads += ["[[source]]"] * (len(sources) - 1)
    lines = [
        "# A study of forescale: how the error on measured materials falls as computed data grow.",
        "# Run it with forescale run and the name of this file.",
        *(f"# Note: {note}" for note in notes),
        "",
        *Block(said, why).lines(),
        "",
    ]
    for head, source in zip(heads, sources, strict=True):
        lines += [head, *source.lines(), ""]
    lines += ["[target]  # measured values", *target.lines(), ""]
    unit = f"0.1               # in {measured.unit}" if measured.unit else "0.1"
    kind = "molecule" if measured.kind is None else measured.kind.value
    tail = _TAIL.format(
        replicates=_REPLICATES if replicates is None else "",
        descriptor=_DESCRIPTORS[kind],
        learner=_GP if learner_of(measured) == "gp" else "",
        error=unit,
    )
    learner = "" if learner_of(measured) == "gp" else _BLEND
    return "\n".join(lines) + "\n" + learner + tail


def learner_of(measured: TableGuess) -> str:
    """The learner that a drafted study of such materials begins with."""
    return "blend" if measured.kind is MaterialKind.COMPOSITION else "gp"


def table_text(guess: TableGuess, folder: Path, head: str) -> str:
    """One table of a study file, to paste: ``head`` is ``[[source]]`` or ``[target]``."""
    return "\n".join([head, *Block.of(guess, folder).lines()])


def relative(path: Path, folder: Path) -> str:
    """A path as it is written in a file of that folder."""
    try:
        found = os.path.relpath(path.resolve(), folder.resolve())
    except ValueError:  # another drive
        return path.resolve().as_posix()
    return Path(found).as_posix()

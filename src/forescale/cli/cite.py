"""``forescale cite``: what a paper needs of a run."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from forescale.cli._options import AsJson
from forescale.cli._print import say


class Part(StrEnum):
    """What to print."""

    ALL = "all"
    BIBTEX = "bibtex"
    LATEX = "latex"
    SENTENCE = "sentence"


def cite(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    part: Annotated[Part, typer.Option(help="What to print.")] = Part.ALL,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Also write references.bib, tables.tex and sentence.txt there."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print what a paper needs: BibTeX of data, tool and method, LaTeX tables, a sentence."""
    from forescale._machine.files import write_text
    from forescale.laws import RunLaws
    from forescale.planning import make_plan
    from forescale.report.citing import citing
    from forescale.report.contents import Contents
    from forescale.report.plan_text import unfinished
    from forescale.workflow import questions_of, recorded

    folder = recorded(run)
    laws = RunLaws.of(folder)
    contents = Contents.read(run, make_plan(laws, questions_of(folder.manifest.study)))
    found = citing(contents)
    for line in unfinished(laws):
        say(line, True)
    texts = {"sentence": found.sentence, "bibtex": found.bibtex, "latex": found.latex}
    if not as_json:
        shown = texts.values() if part is Part.ALL else [texts[part.value]]
        say("\n\n".join(text.strip() for text in shown), False)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for name, key in (("sentence.txt", "sentence"), ("references.bib", "bibtex"),
                          ("tables.tex", "latex")):  # fmt: skip
            write_text(out / name, texts[key].strip() + "\n")
            say(f"Written: {out / name}", True)
    for name in found.missing:
        say(f"No reference is known of {name}: cite where it comes from", True)
    if as_json:
        told = {"run": str(run), "unfinished": laws.unfinished or None, **found.to_json()}
        print(json.dumps(told, allow_nan=False))  # noqa: T201

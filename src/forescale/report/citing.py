"""What a paper needs of a run: BibTeX of data, tool and method, tables as LaTeX, a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from forescale.catalog.bibtex import keys_in, references
from forescale.laws.flags import readable
from forescale.metrics import Metric
from forescale.report import answers
from forescale.report.contents import Contents
from forescale.words import confidence, count, interval, number, spaced_unit, with_interval

METHOD = ("minami2025", "mikami2021")
"""References of the law of transfer from computed to measured data."""


@dataclass(frozen=True)
class Citing:
    """What a paper needs of a run.

    Parameters
    ----------
    sentence
        The result, with its numbers and setting.
    bibtex
        References of datasets, tool and method.
    latex
        Tables of errors and of laws, for the package ``booktabs``.
    missing
        Datasets that no reference is known of.
    """

    sentence: str
    bibtex: str
    latex: str
    missing: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {**asdict(self), "missing": list(self.missing)}


def citing(contents: Contents) -> Citing:
    """Return what a paper needs of a run."""
    bibtex, missing = _bibtex(contents)
    return Citing(sentence(contents), bibtex, latex(contents), tuple(missing))


def sentence(contents: Contents) -> str:
    """The result of a run in two sentences that can be quoted: numbers, intervals, setting."""
    law = contents.plan.source.leading()
    metric, m = str(law.metric), law.n_target or 0
    n, unit = contents.n_source[-1], spaced_unit(contents.unit)
    row = contents.cell(metric, n, m)
    found = "" if row is None else with_interval(row["mean"], row["mean_low"], row["mean_high"])
    tuned = f"and m = {count(m)} measured values" if m else "values and no measured one"
    level = confidence(contents.level)
    change = answers.change_by_source(contents, metric, m)
    without = (
        "" if change is None else f", against {number(change.scratch)}{unit} without the former"
    )
    text = (
        f"Learnt from n = {count(n)} computed {tuned}, {contents.property_name} of unseen measured "
        f"materials is predicted with a {Metric(metric).description} of {found}{unit}{without} "
        f"(mean over {count(contents.replicates)} replicates, {level} interval)."
    )
    if not readable(law.flags):
        return f"{text} No scaling law can be read from the learning curve. {_setting(contents)}"
    gap = (
        f"C below {number(law.transfer_gap.high)}{unit}"
        if "not_bent_yet" in law.flags
        else f"C = {interval(law.transfer_gap)}{unit}"
    )
    return (
        f"{text} The error falls with n as D·n^(−α) + C, with α = {interval(law.decay_rate)} and "
        f"{gap} (medians and {level} intervals). {_setting(contents)}"
    )


def _setting(contents: Contents) -> str:
    manifest = contents.manifest
    evaluation = manifest.study.evaluation
    return (
        f"Computed with forescale {manifest.forescale} (learner {manifest.study.learner.name}, "
        f"descriptor {manifest.descriptor}, measured materials split {evaluation.split.words}; "
        f"{evaluation.overlap.description})."
    )


def _bibtex(contents: Contents) -> tuple[str, list[str]]:
    """References, and the datasets that have none."""
    tables = contents.manifest.tables
    keys: list[str] = []
    notes: list[str] = []
    missing: list[str] = []
    for record in (*tables.source.datasets, *tables.target.datasets):
        own, unknown = keys_in(record.reference)
        keys += own
        notes += [f"% {record.dataset}: {', '.join(own)}"] if own else []
        if unknown:
            notes.append(f"% {record.dataset}: also {', '.join(unknown)}")
        if not own and not unknown and not record.reference.startswith("forescale"):
            missing.append(record.dataset or "a table without a name")
    notes += [f"% {name}: no reference is known; cite where it comes from" for name in missing]
    known = references()
    entries = [tool(contents.manifest.forescale), *(known[key] for key in METHOD)]
    entries += [known[key] for key in dict.fromkeys(keys) if key not in METHOD]
    return "\n\n".join([*(["\n".join(notes)] if notes else []), *entries]) + "\n", missing


def tool(version: str) -> str:
    """The reference of forescale itself."""
    return (
        "@software{forescale,\n"
        "  author = {{The forescale developers}},\n"
        "  title = {forescale: scaling laws of transfer from computed to measured materials "
        "data},\n"
        f"  version = {{{version}}},\n"
        "  license = {BSD-3-Clause},\n}"
    )


def latex(contents: Contents) -> str:
    """The tables of errors and of laws of the leading metric."""
    metric = str(contents.plan.source.leading().metric)
    label, unit = contents.label(metric), contents.unit
    errors = table(
        ("m", "scratch", f"n = {count(contents.n_source[-1])}", "change", "limit", "next doubling"),
        answers.error_rows(contents, metric),
        f"{label} of {contents.property_name}, with {confidence(contents.level)} intervals.",
        "errors",
    )
    laws = table(
        ("m", "α", f"D ({unit})" if unit else "D", f"C ({unit})" if unit else "C", "R²"),
        [row[:5] for row in answers.law_rows(contents, metric)],
        f"Scaling laws D·n^(−α) + C of the {label} of {contents.property_name}.",
        "laws",
    )
    return f"% \\usepackage{{booktabs}}\n{errors}\n{laws}"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str, label: str) -> str:
    """A table as LaTeX."""
    body = [" & ".join(map(tex, row)) + r" \\" for row in rows]
    lines = [
        r"\begin{table}",
        rf"  \caption{{{tex(caption)}}}\label{{tab:{label}}}",
        rf"  \begin{{tabular}}{{l{'r' * (len(heads) - 1)}}}",
        r"    \toprule",
        "    " + " & ".join(map(tex, heads)) + r" \\",
        r"    \midrule",
        *(f"    {line}" for line in body),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


_TEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "\u00a0": "~", "\u202f": r"\,", "−": "$-$", "–": "--", "∞": r"$\infty$", "·": r"$\cdot$",
    "×": r"$\times$", "α": r"$\alpha$", "²": "$^2$", "³": "$^3$", "°": r"$^\circ$", "Å": r"\AA{}",
    "<": "$<$", ">": "$>$",
}  # fmt: skip
_POWER = re.compile(r"n\^\(−α\)")
_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def tex(text: str) -> str:
    r"""Text as LaTeX.

    >>> tex("0.36 (0.30 to 0.41) g/cm³"), tex("10\u00a0% of x_1"), tex("D·n^(−α) + C")
    ('0.36 (0.30 to 0.41) g/cm$^3$', '10~\\% of x\\_1', 'D$\\cdot$$n^{-\\alpha}$ + C')
    """
    parts = _POWER.split(text)
    return r"$n^{-\alpha}$".join(_plain(part) for part in parts)


def _plain(text: str) -> str:
    text = re.sub(r"[⁻⁰¹⁴⁵⁶⁷⁸⁹]+", lambda found: f"\0{found[0].translate(_SUPERSCRIPTS)}\1", text)
    found = "".join(_TEX.get(character, character) for character in text)
    return found.replace("\0", "$^{").replace("\1", "}$")

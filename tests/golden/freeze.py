"""Make the run folders of ``frozen`` again: one small study of each kind of material.

    python tests/golden/freeze.py

They were made by release 0.1.0, from made-up values, and stand for the folders that users
keep: what reads them must go on reading them, and the same studies must go on giving the same
numbers. Only a change of numbers that was meant is a reason to make them again.
"""

import shutil
import tempfile
from pathlib import Path

import numpy as np

from forescale.study import load_study
from forescale.workflow import run_study

HERE = Path(__file__).parent
KEPT = ("manifest.json", "study.toml", "law.json", "plan.json", "summary.csv")

STUDY = """
name = "{kind}"
seed = {seed}
replicates = 3
[[source]]
file = "computed.csv"
kind = "{kind}"
{columns}
value = "v"
unit = "K"
[target]
file = "measured.csv"
kind = "{kind}"
{columns}
value = "v"
unit = "degC"
[descriptor]
name = "{descriptor}"
[learner]
lengths = [0.5, 1.0]
noises = [0.003, 0.1]
[grid]
n_source = {n_source}
n_target = [5, 10, 20]
[evaluation]
split = "{split}"
overlap = "{overlap}"
"""


def molecules() -> dict[str, float]:
    ends = {"": 0.0, "O": 120.0, "Cl": 60.0, "N": 70.0, "F": 10.0, "Br": 90.0}
    return {
        "C" * (n - b) + ("C(C)" * b) + "C" + end: 200 + 28 * n**0.9 - 6 * b + extra
        for n in range(2, 14)
        for end, extra in ends.items()
        for b in range(2)
    }


def polymers() -> dict[str, float]:
    sides = {"": 0.0, "C": 20.0, "O": 90.0, "Cl": 60.0, "C#N": 110.0, "F": -10.0}
    links = {"": 0.0, "O": -40.0, "C(=O)O": 30.0, "S": -15.0}
    return {
        f"*{'C' * n}C{f'({side})' if side else ''}{link}*": 200 + 12 * n + extra / n**0.5 + more
        for n in range(1, 7)
        for side, extra in sides.items()
        for link, more in links.items()
    }


def compositions() -> dict[str, float]:
    metals = [
        "Li",
        "Na",
        "K",
        "Mg",
        "Ca",
        "Sr",
        "Ba",
        "Al",
        "Ga",
        "In",
        "Sc",
        "Y",
        "Ti",
        "Zr",
        "Zn",
        "Cd",
    ]
    others = ["O", "S", "Se", "F", "Cl", "Br", "N"]
    return {
        f"{metal}{a}{other}{b}": 250 + 9 * i - 14 * j + 30 * b / (a + b) + (i * j) ** 0.5
        for i, metal in enumerate(metals)
        for j, other in enumerate(others)
        for a, b in ((1, 1), (1, 2))
    }


def pairs() -> dict[str, float]:
    solutes = {"*CC*": 1.0, "*CC(*)C": 1.4, "*CC(*)CC": 1.7, "*CCO*": -0.5, "*CC(*)O": -1.0,
               "*CC(*)Cl": 0.3, "*CC(*)C#N": -0.7, "*CC(*)OC": 0.1}  # fmt: skip
    solvents = {"CO": -1.2, "CCO": -0.8, "CCCO": -0.5, "CCCCO": -0.2, "CCCCC": 1.1, "CCCCCC": 1.2,
                "CCCl": 0.4, "CCN": -0.6, "CC#N": -0.9}  # fmt: skip
    return {
        f"{solute},{solvent}": 300 + 20 * (a - b) ** 2
        for solute, a in solutes.items()
        for solvent, b in solvents.items()
    }


SINGLE = 'material = "material"'
KINDS = {
    "molecule": (molecules, SINGLE, "morgan", "[10, 20, 40, 60, 90]", "random", "exclude", 0),
    "polymer": (polymers, SINGLE, "periodic", "[10, 20, 40, 60, 90]", "cluster", "allow", 7),
    "composition": (
        compositions, SINGLE, "element_fractions", "{ from = 12, count = 5 }",
        "group:chemical_system", "disjoint", 3,
    ),
    "pair": (
        pairs, 'solute = "solute"\nsolvent = "solvent"', "morgan", "[8, 16, 24, 32, 40]",
        "group:pair", "exclude-group", 1,
    ),
}  # fmt: skip


def write(kind: str, folder: Path) -> None:
    """The study file and its two tables."""
    make, columns, descriptor, n_source, split, overlap, seed = KINDS[kind]
    values = make()
    rng = np.random.default_rng(5)
    header = "solute,solvent,v\n" if kind == "pair" else "material,v\n"
    measured = rng.permutation(list(values))[: 100 if kind == "polymer" else 40]
    rows = [f"{key},{value:.4f}\n" for key, value in values.items()]
    (folder / "computed.csv").write_text(header + "".join(rows))
    rows = [
        f"{key},{1.1 * values[key] - 283.15 + rng.normal(0, 4):.4f}\n"
        for key in measured
        for _ in range(1 + (rng.random() < 0.4))
    ]
    (folder / "measured.csv").write_text(header + "".join(rows))
    text = STUDY.format(
        kind=kind, seed=seed, columns=columns, descriptor=descriptor, n_source=n_source,
        split=split, overlap=overlap,
    )  # fmt: skip
    (folder / "study.toml").write_text(text)


def main() -> None:
    for kind in KINDS:
        kept = HERE / "frozen" / kind
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        write(kind, kept)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file in kept.iterdir():
                shutil.copy(file, folder)
            run = folder / "run"
            run_study(load_study(folder / "study.toml"), run, show_progress=False, model=False)
            (kept / "run").mkdir()
            for file in KEPT:  # where the tables lay when it was made is nobody's matter
                text = (run / file).read_text().replace(f"{folder.resolve()}/", "")
                (kept / "run" / file).write_text(text)
            for parts in ("errors", "predictions"):
                shutil.copytree(run / parts, kept / "run" / parts)


if __name__ == "__main__":
    main()

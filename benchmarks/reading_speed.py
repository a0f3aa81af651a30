"""How fast tables are read: a million rows, plain, quoted, with comments, compressed.

    python benchmarks/reading_speed.py [--rows 1000000] [--other PYTHON] [--repeats 3]

Prints CPU seconds of reading all columns, of a table with its molecules parsed, and of one column
in parts as ``predict`` reads candidates. ``--other`` is the interpreter of an environment with
another state of the code, measured in turn with this one in the same run; a file that it refuses
(comments, archives) is compared with the plain file there.
"""

from __future__ import annotations

import gzip
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import _kit

MEASURE = """
import sys, time
from pathlib import Path
from forescale.tables.reading import ColumnMap, read_columns, read_table
from forescale.tables.streaming import stream_columns
path, warm = Path(sys.argv[1]), Path(sys.argv[2])
def table(path):
    columns = ColumnMap("smiles", "value")
    kinds = dict(name="v", unit="K", kind="computed", material_kind="molecule")
    return len(read_table(path, columns, **kinds).frame)
def parts(path):
    return sum(map(len, stream_columns(path, ["smiles"], 50_000)))
for job in (lambda path: len(read_columns(path, ["smiles", "value"])), table, parts):
    job(warm)
    start = time.process_time()
    job(path)
    print(time.process_time() - start)
"""
JOBS = ("all columns", "property table", "one column in parts")


def write_files(folder: Path, rows: int) -> dict[str, Path]:
    """The same rows in four dresses."""
    rng = random.Random(0)
    ends = ["", "O", "N", "Cl", "C(C)C", "C(=O)O", "c1ccccc1", "C#N"]
    smiles = ["C" * n + end for n in range(1, 40) for end in ends]
    cells = [(str(i), rng.choice(smiles), f"{rng.random():.4f}", str(i % 97)) for i in range(rows)]
    plain = "id,smiles,value,note\n" + "".join(f"{a},{b},{c},run {d}\n" for a, b, c, d in cells)
    quoted = '"id","smiles","value","note"\n' + "".join(
        f'{a},"{b}",{c},"run, {d}"\n' for a, b, c, d in cells
    )
    lines = plain.splitlines(keepends=True)
    noted = "# by hand\n" + "".join(
        line if place % 1000 else f"{line}# a thousand more\n" for place, line in enumerate(lines)
    )
    paths = {}
    for name, text in (("plain", plain), ("quoted", quoted), ("commented", noted)):
        paths[name] = folder / f"{name}.csv"
        paths[name].write_text(text)
    paths["compressed"] = folder / "plain.csv.gz"
    paths["compressed"].write_bytes(gzip.compress(plain.encode()))
    return paths


def measured(python: str, path: Path, warm: Path) -> list[float] | None:
    """CPU seconds of the three jobs; None where the file is refused."""
    done = subprocess.run(
        [python, "-c", MEASURE, str(path), str(warm)], capture_output=True, text=True, check=False
    )
    return [float(line) for line in done.stdout.split()] if done.returncode == 0 else None


def main(argv: Sequence[str] | None = None) -> None:
    """Measure both states in turn, and print the least of the repeats."""
    parser = _kit.parser(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--other", help="interpreter of the environment to compare with")
    asked = _kit.parse(parser, argv, smoke={"rows": 100, "repeats": 1})
    pythons = {"this": sys.executable} | ({"other": asked.other} if asked.other else {})
    table = _kit.Table("file", "job", *(f"{name}, s" for name in pythons), "ratio")
    with TemporaryDirectory() as name:
        folder = Path(name)
        paths = write_files(folder, asked.rows)
        warm = folder / "warm.csv"
        warm.write_text("id,smiles,value,note\n1,CCO,1.0,x\n")
        best: dict[tuple[str, str], list[float]] = {}
        for _ in range(asked.repeats):
            for dress, path in paths.items():
                for whose, python in pythons.items():
                    found = measured(python, path, warm)
                    if found is not None:
                        old = best.get((dress, whose), found)
                        best[dress, whose] = [min(pair) for pair in zip(old, found, strict=True)]
        for dress in paths:
            for place, job in enumerate(JOBS):
                seconds = [
                    best.get((dress, whose), best["plain", whose])[place] for whose in pythons
                ]
                ratio = f"{seconds[0] / seconds[-1]:.2f}"
                cells = [f"{one:.2f}" for one in seconds]
                if len(pythons) > 1 and (dress, "other") not in best:
                    cells[-1] += " (plain)"
                table.row(dress, job, *cells, ratio)


if __name__ == "__main__":
    main()

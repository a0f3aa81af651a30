"""The first hour: thirty tasks of a newcomer, each a command or a call, with what must come out.

Every task runs in a process of its own, in one folder, without a network (proxies lead nowhere),
with a cache of its own. Outcome: `yes` where the exit code and all expected words are there. To
measure another installation, name its folder of programs:

    python benchmarks/first_hour.py --bin OTHER/.venv/bin

``--smoke`` takes the tasks that need no run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import _kit


@dataclass(frozen=True)
class Task:
    """Something that a newcomer does.

    Parameters
    ----------
    what
        In words.
    command
        Arguments of ``forescale``; or Python code, which begins with ``import``.
    expected
        Patterns that must be in what is printed.
    code
        Exit code.
    files
        Files that must be there afterwards.
    stdin
        What is typed in.
    needs_run
        Whether it needs a finished run.
    """

    what: str
    command: str
    expected: tuple[str, ...] = ()
    code: int = 0
    files: tuple[str, ...] = ()
    stdin: str = ""
    needs_run: bool = False


QUICK = "quick md.csv exp.csv --out runs/quick --replicates 5 --workers 1"
TASKS = (
    Task("which version is this?", "--version", (r"forescale \d+\.\d+",)),
    Task("short help", "-h", ("Usage", "demo")),
    Task("completion for the shell", "sh: --show-completion; exit $?", ("complete",)),
    Task("a misspelt command", "pln", ("(?i)did you mean 'plan'",), 2),
    Task("datasets with size, licence, bundled or not", "data list", ("bundled", "BSD-3", "rows")),
    Task("a misspelt dataset", "data show radonpy-pi107", ("did you mean 'radonpy-pi1070'",), 2),
    Task("no network: one line", "data fetch polymer-density-md",
         (r"\A[^\n]*cannot be[^\n]*\n\Z",), 1),
    Task("check my table, told nothing", "data check exp.csv", ("row 3", r"\[\[source\]\]"), 1),
    Task("a misspelt column", "data check exp.csv --material smile --value tb --kind molecule "
         "--unit K", ("did you mean 'smiles'",), 2),
    Task("a misspelt unit", "data check exp.csv --material smiles --value tb_degC --kind molecule "
         "--unit kelvinn", ("did you mean",), 2),
    Task("a study file from two tables", "init md.csv exp.csv --out mine.toml",
         ("row 3", "forescale run"), files=("mine.toml",)),
    Task("a misspelt descriptor", "run misspelt.toml", ("did you mean 'morgan'",), 2),
    Task("two tables to a law in one line", QUICK, ("decay rate", "Verdict"),
         files=("runs/quick/report.html", "runs/quick/figures/law_rmse.svg")),
    Task("a small study without a grid", "run small.toml --out runs/small --on-error skip "
         "--workers 1", ("decay rate|no law",), files=("runs/small/report.html",)),
    Task("formulas in the plain install", "run formulas.toml --out runs/formulas --workers 1 "
         "--no-model", ("decay rate|no law",), files=("runs/formulas/law.json",)),
    Task("resume: what is kept is said", "run more.toml --out runs/small --on-error skip "
         "--workers 1", ("are there, and kept",), needs_run=True),
    Task("where does it stand?", "status runs/small", ("finished|done",), needs_run=True),
    Task("how many computations for an error?", "plan runs/small --target-error 20",
         ("To reach",), needs_run=True),
    Task("predict one molecule", 'predict runs/small CCCCCCO', ("90 %", "CCCCCCO"), needs_run=True),
    Task("predict from standard input", "predict runs/small -", ("CCCCO",), stdin="CCCCO\nCCCCN\n",
         needs_run=True),
    Task("predict a table, column guessed", "predict runs/small new.csv --on-error skip",
         ("predicted",), files=("new.predictions.csv",), needs_run=True),
    Task("compare two runs on a page", "compare runs/quick runs/small --page both.html",
         files=("both.html",), needs_run=True),
    Task("cite: BibTeX, LaTeX and a sentence", "cite runs/small",
         ("@software", "@article{minami2025", r"\\begin\{tabular\}", "Learnt from n ="),
         needs_run=True),
    Task("a law for errors I have", "fit curve.csv --at 10000", ("decay rate",)),
    Task("a law as a figure and a page", "fit curve.csv --figure law.svg --page law.html",
         files=("law.svg", "law.html")),
    Task("Python: a law", "import forescale as fs\nlaw = fs.fit_law([100, 200, 400, 800, 1600], "
         "[.51, .44, .39, .35, .32])\nprint(law._repr_html_()[:10], law.decay_rate)", ("<",)),
    Task("Python: a run shows itself", "import forescale as fs\nrun = fs.open_run('runs/small')\n"
         "print(run._repr_html_()); run.plot_law().savefig('mine.pdf')", ("<table",),
         files=("mine.pdf",), needs_run=True),
    Task("Python: predict", "import forescale as fs\nprint(fs.open_run('runs/small').predictor()"
         ".predict(['CCCCCO', 'C1CC']).reason.tolist())", ("not valid",), needs_run=True),
    Task("Python: a study of two frames", "import pandas as pd, forescale as fs\n"
         "print(fs.Study.of(computed=pd.read_csv('md.csv'), measured=pd.read_csv('good.csv'), "
         "kind='molecule', material='smiles', value=('tb_K', 'tb_degC'), unit=('K', 'degC')).name)",
         ("study",)),
    Task("the page is one small file", "import pathlib\n"
         "print(pathlib.Path('runs/small/report.html').stat().st_size < 4e6)", ("True",),
         needs_run=True),
)  # fmt: skip


def tables(folder: Path) -> None:
    """The newcomer's files: computed and measured values of small molecules, formulas, a curve."""
    ends = {"": 0, "O": 120, "Cl": 60, "N": 70, "F": 10, "Br": 90, "C#N": 110}
    rows = [(f"{'C' * n}{end}", 150 + 28 * n + add, n) for n in range(1, 17)
            for end, add in ends.items()]  # fmt: skip
    computed = "".join(f"M{i},{s},{tb}\n" for i, (s, tb, _) in enumerate(rows))
    (folder / "md.csv").write_text(f"id,smiles,tb_K\n{computed}")
    measured = [f"{s},{tb - 273.15 + 8 * (n % 3):.2f}\n" for s, tb, n in rows[1::2]]
    (folder / "good.csv").write_text("smiles,tb_degC\n" + "".join(measured))
    bad = [*measured[:2], "C1CC,12\n", *measured[2:]]
    (folder / "exp.csv").write_text("smiles,tb_degC\n" + "".join(bad))
    (folder / "new.csv").write_text("name,smiles\nhexanol,CCCCCCO\nnone,not-a-molecule\n")
    (folder / "curve.csv").write_text(
        "n,error\n100,0.512\n200,0.443\n400,0.391\n800,0.352\n1600,0.324\n3200,0.301\n"
    )
    metals, others = ("Li", "Na", "K", "Rb", "Mg", "Ca", "Sr", "Zn"), ("F", "Cl", "Br", "O", "S")
    pairs = [
        (f"{a}{b}", 2 + i + 0.7 * j) for i, a in enumerate(metals) for j, b in enumerate(others)
    ]
    (folder / "dft.csv").write_text("formula,gap\n" + "".join(f"{f},{v}\n" for f, v in pairs))
    (folder / "gaps.csv").write_text(
        "formula,gap\n" + "".join(f"{f},{1.2 * v + 0.5}\n" for f, v in pairs[::2])
    )
    source = 'kind = "molecule"\nmaterial = "smiles"\n'
    small = (
        f'name = "small"\nreplicates = REPLICATES\n[[source]]\nfile = "md.csv"\n{source}'
        f'value = "tb_K"\nunit = "K"\n[target]\nfile = "exp.csv"\n{source}value = "tb_degC"\n'
        'unit = "degC"\n'
    )
    (folder / "small.toml").write_text(small.replace("REPLICATES", "4"))
    (folder / "more.toml").write_text(small.replace("REPLICATES", "6"))
    (folder / "misspelt.toml").write_text(
        small.replace("REPLICATES", "4") + '[descriptor]\nname = "morgn"\n'
    )
    gap = 'kind = "composition"\nmaterial = "formula"\nvalue = "gap"\nunit = "eV"\n'
    (folder / "formulas.toml").write_text(
        f'name = "formulas"\nreplicates = 4\n[[source]]\nfile = "dft.csv"\n{gap}'
        f'[target]\nfile = "gaps.csv"\n{gap}'
    )


def tried(task: Task, folder: Path, programs: Path) -> tuple[bool, str]:
    """Whether a task came out as it must, and what did not."""
    if task.command.startswith("import "):
        command = [str(programs / "python"), "-c", task.command]
    elif task.command.startswith("sh: "):  # a shell that forescale can look for
        command = ["bash", "-c", f"{programs / 'forescale'} {task.command[4:]}"]
    else:
        command = [str(programs / "forescale"), *task.command.split()]
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"),
                            "http://127.0.0.1:9")  # fmt: skip
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FORESCALE_")}
    environment |= {**nowhere, "FORESCALE_CACHE": str(folder / "cache")}
    done = subprocess.run(
        command, cwd=folder, env=environment, input=task.stdin, capture_output=True, text=True
    )
    printed = done.stdout + done.stderr
    if "Traceback" in printed:
        return False, "a traceback"
    if done.returncode != task.code:
        return False, f"exit code {done.returncode}"
    plain = re.sub(r"[\u00a0\u202f]", " ", printed)
    missing = [word for word in task.expected if not re.search(word, plain, re.MULTILINE)]
    missing += [name for name in task.files if not (folder / name).is_file()]
    return not missing, f"without {missing[0]!r}" if missing else ""


def main(argv: Sequence[str] | None = None) -> None:
    """Try every task; print what each took and how it ended."""
    parser = _kit.parser(__doc__)
    parser.add_argument("--bin", type=Path, default=Path(sys.executable).parent)
    parser.add_argument("--folder", type=Path, help="where to work; kept, so that parts go on")
    parser.add_argument("--first", type=int, default=1, help="number of the first task")
    parser.add_argument("--last", type=int, default=len(TASKS), help="number of the last task")
    arguments = _kit.parse(parser, argv)
    chosen = [
        task
        for place, task in enumerate(TASKS, 1)
        if arguments.first <= place <= arguments.last
        and (not arguments.smoke or task.what in SMOKE)
    ]
    table = _kit.Table("task", "s (processor)", "s (clock)", "done", "what is missing")
    good = 0
    with tempfile.TemporaryDirectory() as place:
        folder = arguments.folder or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        tables(folder)
        for task in chosen:
            with _kit.Clock() as clock:
                fine, why = tried(task, folder, arguments.bin)
            good += fine
            table.row(
                task.what, f"{clock.cpu:.1f}", f"{clock.wall:.1f}", "yes" if fine else "no", why
            )
    print(f"\n{good} of {len(chosen)} tasks")


SMOKE = ("which version is this?", "a misspelt dataset")

if __name__ == "__main__":
    main()

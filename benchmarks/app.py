"""How fast the app is: first page, sliders, home with 200 runs, 50 watching clients, two files.

python benchmarks/app.py [--only moves watch candidates home] [--runs 200] [--clients 50]
                         [--watch 60] [--moves 60] [--rows 100000]

The study is of 500 made-up computed and 200 measured values of molecules. Everything is asked of
``forescale app`` in a process of its own, over HTTP on this machine: what the browser draws is not
in these times.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice, product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import _kit
import httpx
import numpy as np

PARTS = ("moves", "watch", "candidates", "home")
GROUPS = (
    "C", "CC", "O", "OC", "N", "NC", "F", "Cl", "Br", "S", "C#N", "C=O", "C(=O)O", "C(C)C",
    "c1ccccc1", "C1CC1", "C(F)(F)F", "CO",
)  # fmt: skip
"""Four of these on a chain of four: 104,976 molecules of 8 to 28 heavy atoms."""
ENDS = ("", "O", "N", "Cl", "Br", "F", "C#N", "OC", "S", "C=O")


class App:
    """``forescale app FOLDER`` and a client that its link lets in."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "forescale", "app", str(folder), "--no-browser"]
        began = time.perf_counter()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.link = self.process.stdout.readline().strip()
        parts = urlsplit(self.link)
        self.client = httpx.Client(base_url=f"http://{parts.netloc}", timeout=300)
        self.client.get(f"/?{parts.query}").raise_for_status()
        page = self.client.get("/")
        self.first_page = time.perf_counter() - began
        self.first_cpu = self.cpu_seconds
        found = re.search(r'name="csrf" content="([^"]+)"', page.text)
        assert found is not None
        self.client.headers.update(
            {"x-csrf-token": found[1], "origin": str(self.client.base_url).rstrip("/")}
        )

    def timed(self, path: str, **query: Any) -> float:
        """Seconds of one page."""
        began = time.perf_counter()
        self.client.get(path, params=query).raise_for_status()
        return time.perf_counter() - began

    @property
    def memory_mib(self) -> float:
        """What the process holds now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if "VmRSS" in line).split()[1]) / 1024

    @property
    def cpu_seconds(self) -> float:
        """Processor time of the process so far: what to compare on a machine at work."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """End it."""
        self.client.close()
        self.process.terminate()
        self.process.wait()


@contextmanager
def app(folder: Path) -> Iterator[App]:
    """The app over a folder, for a while."""
    running = App(folder)
    try:
        yield running
    finally:
        running.stop()


def molecules() -> dict[str, float]:
    """Some 700 molecules with made-up values, sums over their groups."""
    return {
        "C" * (length - 2 * branches) + "C(C)" * branches + "C" + end: (
            100.0 + 28.0 * length - 6.0 * branches + 17.0 * place
        )
        for length in range(1, 19)
        for branches in range((length + 1) // 2)[:5]
        for place, end in enumerate(ENDS)
    }


def write_tables(folder: Path, computed: int, measured: int) -> tuple[Path, Path]:
    """Two tables that a person would drop; half of the measured materials are computed too."""
    rng = np.random.default_rng(0)
    values = molecules()
    names = rng.permutation(list(values))
    both = names[computed - measured // 2 : computed + measured // 2]  # half of them on both sides
    paths = folder / "computed.csv", folder / "measured.csv"
    for path, chosen, head in zip(paths, (names[:computed], both), ("tb_K", "tb_C"), strict=True):
        shift = 0.0 if head == "tb_K" else -253.15
        noise = 0.0 if head == "tb_K" else 5.0
        rows = [f"{n},{1.1 * values[n] + shift + rng.normal(0, noise):.3f}" for n in chosen]
        path.write_text("\n".join([f"smiles,{head}", *rows]) + "\n")
    return paths


def first_law(running: App, tables: tuple[Path, Path]) -> tuple[float, str]:
    """Seconds from two dropped files to a law on the screen, and where the run is."""
    began = time.perf_counter()
    files = {
        side: (path.name, path.read_bytes())
        for side, path in zip(("computed", "measured"), tables, strict=True)
    }
    sent = running.client.post("/new/upload", files=files)
    sent.raise_for_status()
    preview = running.client.get(sent.headers["hx-redirect"])
    preview.raise_for_status()
    form = dict(re.findall(r'name="([^"]+)"[^>]*value="([^"]*)"', preview.text))
    draft = re.search(r"draft=([\w-]+)", sent.headers["hx-redirect"])
    assert draft is not None
    form |= {"computed.unit": "K", "measured.unit": "degC"}
    started = running.client.post("/new/start", params={"draft": draft[1]}, data=form)
    started.raise_for_status()
    where = re.search(r"at=([^&]+)", started.headers.get("hx-redirect", ""))
    assert where is not None, started.text[-2000:]
    at = httpx.QueryParams(f"at={where[1]}")["at"]
    while True:
        answer = running.client.get("/results/view", params={"at": at})
        if answer.status_code == 200:
            return time.perf_counter() - began, at
        if time.perf_counter() - began > 600:
            raise TimeoutError(answer.text[-2000:])
        time.sleep(0.3)


def many_runs(folder: Path, run: Path, count: int) -> None:
    """So many runs, copies of one under names of their own."""
    for place in range(count):
        copy = folder / f"group-{place % 7}" / f"run-{place:03d}"
        shutil.copytree(run, copy, ignore=shutil.ignore_patterns("model", "predictions", "figures"))
        manifest = json.loads((copy / "manifest.json").read_text())
        manifest["name"] = f"study {place}"
        (copy / "manifest.json").write_text(json.dumps(manifest))


def watched(running: App, at: str, clients: int, seconds: float) -> tuple[int, int, list[float]]:
    """Errors, events, and memory while so many clients watch a run that changes."""
    errors, events, lock = 0, 0, threading.Lock()
    until = time.monotonic() + seconds
    cookies, base = dict(running.client.cookies), str(running.client.base_url)

    def watch() -> None:
        nonlocal errors, events
        try:
            with (
                httpx.Client(base_url=base, cookies=cookies, timeout=30) as client,
                client.stream("GET", "/events", params={"at": at}) as stream,
            ):
                for line in stream.iter_lines():
                    with lock:
                        events += line.startswith("event: change")
                    if time.monotonic() > until:
                        return
        except httpx.HTTPError:
            with lock:
                errors += 1

    threads = [threading.Thread(target=watch) for _ in range(clients)]
    for thread in threads:
        thread.start()
    memory = []
    while time.monotonic() < until:
        time.sleep(min(2.0, seconds / 4))
        running.client.get("/run", params={"at": at})
        memory.append(running.memory_mib)
    for thread in threads:
        thread.join(timeout=40)
    return errors, events, memory


def p95(times: Sequence[float]) -> str:
    """Median and 95th percentile in milliseconds."""
    return f"{1e3 * np.median(times):.0f}; {1e3 * np.quantile(times, 0.95):.0f}"


def with_cpu(running: App, measure: Callable[[], list[float]]) -> str:
    """Times, and the processor time of the app for each."""
    before = running.cpu_seconds
    times = measure()
    each = 1e3 * (running.cpu_seconds - before) / len(times)
    return f"{p95(times)}; {each:.0f}"


def moves(running: App, at: str, count: int) -> list[float]:
    """Seconds of so many moves of a slider: the error to reach, the budget, data at hand."""
    answer = running.client.get("/plan", params={"at": at})
    found = re.search(r'name="target" value="([^"]+)"', answer.text)
    assert found is not None
    target = float(found[1])
    asked: dict[str, Any] = {"at": at, "metric": "rmse", "cost_source": 1, "cost_target": 20}
    sizes = re.search(r'<option value="(\d+)" selected>', answer.text.split('name="m"')[-1])
    asked["m"] = 0 if sizes is None else int(sizes[1])
    times = []
    for place in range(count):
        share = 1 - 0.3 * place / count
        times.append(
            running.timed("/plan/moved", **asked, target=share * target, budget=500 * (1 + place))
        )
    return times


def candidates(running: App, at: str, rows: int) -> tuple[float, float, float]:
    """Seconds to predict so many molecules, and memory of the app before and at most."""
    names = ["{}CC({})C({}){}".format(*four) for four in islice(product(GROUPS, repeat=4), rows)]
    before = most = running.memory_mib
    began = time.perf_counter()
    text = "\n".join(["smiles", *names]) + "\n"
    sent = running.client.post(
        "/predict/upload", params={"at": at}, files={"table": ("candidates.csv", text.encode())}
    )
    sent.raise_for_status()
    found = re.search(r"batch\?name=([\w-]+)", sent.text)
    assert found is not None, sent.text
    while True:
        answer = running.client.get("/predict/batch", params={"name": found[1]})
        most = max(most, running.memory_mib)
        if "Download" in answer.text:
            return time.perf_counter() - began, before, most
        if "every 1s" not in answer.text:
            raise RuntimeError(answer.text)
        time.sleep(0.5)


def main(argv: Sequence[str] | None = None) -> None:
    """Run, and print one table."""
    parser = _kit.parser(__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--watch", type=float, default=60.0, help="seconds")
    parser.add_argument("--moves", type=int, default=60)
    parser.add_argument("--rows", type=int, default=100_000, help="of a table to predict")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="what to measure")
    small = {"runs": 5, "clients": 3, "watch": 2.0, "moves": 3, "rows": 50}
    arguments = _kit.parse(parser, argv, smoke=small)
    computed, measured = (60, 40) if arguments.smoke else (500, 200)
    table = _kit.Table("measured", "got", "load")
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        folder = root / "folder"
        folder.mkdir()
        tables = write_tables(root, computed, measured)
        with app(folder) as running:
            seconds, at = first_law(running, tables)
            what = f"two files ({computed} + {measured} rows) to the first law, s"
            _row(table, what, f"{seconds:.1f}")
            _finish(running, at)
            for part, measure in (
                ("moves", _moved),
                ("watch", _watched),
                ("candidates", _streamed),
            ):
                if part in arguments.only:
                    measure(table, running, at, arguments)
        if "home" in arguments.only:
            _home(table, folder, at, arguments.runs)


def _row(table: _kit.Table, what: str, got: str) -> None:
    """A row, with the processes that wait for a processor, for each of the machine's."""
    table.row(what, got, f"{os.getloadavg()[0] / (os.cpu_count() or 1):.1f}")


def _moved(table: _kit.Table, running: App, at: str, arguments: argparse.Namespace) -> None:
    got = with_cpu(running, lambda: moves(running, at, arguments.moves))
    _row(table, "a move of a slider, median; p95; processor, ms", got)


def _watched(table: _kit.Table, running: App, at: str, arguments: argparse.Namespace) -> None:
    running.client.post("/run/more", params={"at": at}).raise_for_status()
    errors, events, memory = watched(running, at, arguments.clients, arguments.watch)
    what = f"{arguments.clients} clients watching a run at work for {arguments.watch:g} s"
    ends = f"{memory[0]:.0f}, {memory[len(memory) // 2]:.0f}, {memory[-1]:.0f}"
    _row(table, what, f"{errors} errors, {events} events, {ends} MiB")
    _finish(running, at)


def _streamed(table: _kit.Table, running: App, at: str, arguments: argparse.Namespace) -> None:
    seconds, before, most = candidates(running, at, arguments.rows)
    what = f"{arguments.rows:,} candidates, s; memory before and at most"
    _row(table, what, f"{seconds:.0f}; {before:.0f}, {most:.0f} MiB")


def _home(table: _kit.Table, folder: Path, at: str, runs: int) -> None:
    many_runs(folder, folder / at, runs)
    starts = []
    for _ in range(3):
        with app(folder) as running:
            starts.append((running.first_page, running.first_cpu))
    ends = (f"{f(column):.2f}" for column in zip(*starts, strict=True) for f in (min, max))
    what = "first page after the start, s, best; worst of 3; processor, best; worst"
    _row(table, what, "; ".join(ends))
    with app(folder) as running:
        first = running.timed("/")
        got = with_cpu(running, lambda: [running.timed("/") for _ in range(20)])
        _row(table, f"home with {runs} runs, first, ms", f"{1e3 * first:.0f}")
        _row(table, f"home with {runs} runs, median; p95; processor, ms", got)


def _finish(running: App, at: str) -> None:
    """Wait until the run has all its replicates and its laws are open."""
    _until(lambda: "chip running" not in running.client.get("/run", params={"at": at}).text)
    running.client.get("/results/view", params={"at": at}).raise_for_status()


def _until(condition: Callable[[], bool], seconds: float = 900) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.5)


if __name__ == "__main__":
    main()

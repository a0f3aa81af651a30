"""Fixtures for every test: a cache of its own, the mirror where there is one, a small study.

The small study is of a user's own files: alkanes and their derivatives, additive values.
"""

import os
import sys
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from studies import changed

from forescale.cli.main import main
from forescale.study import load_study

MIRROR = os.environ.get("FORESCALE_MIRROR")
ENDS = {"": 0.0, "O": 120.0, "Cl": 60.0, "N": 70.0, "F": 10.0, "Br": 90.0, "C#N": 110.0}

STUDY = """
name = "tiny"
replicates = {replicates}
[[source]]
file = "computed.csv"
kind = "molecule"
material = "smiles"
value = "tb"
unit = "K"
[target]
file = "measured.csv"
kind = "molecule"
material = "smiles"
value = "tb_c"
unit = "degC"
[descriptor]
name = "morgan"
[learner]
lengths = [0.5, 1.0]
noises = [0.003, 0.1]
[grid]
n_source = {{ from = 20, count = 5 }}
n_target = [5, 20, 40]
[evaluation]
metrics = ["rmse"]
"""


IN_THEIR_OWN_TIME = ("cluster", "slurm", "processes")
SERVED = tuple(Path(__file__).parent / name for name in ("app", "catalog/live"))
"""Tests of real servers, and of a browser."""


def pytest_collection_modifyitems(items):
    """Give tests that wait for real processes, which a busy machine can starve, a second try."""
    for item in items:
        marked = any(item.get_closest_marker(name) for name in IN_THEIR_OWN_TIME)
        if marked or any(item.path.is_relative_to(folder) for folder in SERVED):
            item.add_marker(pytest.mark.flaky(reruns=1))


ALL_EXTRAS = os.environ.get("FORESCALE_EXTRAS") == "all"


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary(terminalreporter):
    """Count skipped tests by reason; where all extras are there, none may be missing."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[-1]) for report in skipped if report.longrepr)
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"skipped {count}: {reason}")


def pytest_sessionfinish(session, exitstatus):
    """Fail a session in which an extra that should be installed was not."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not ALL_EXTRAS or reporter is None or exitstatus:
        return
    wanted = ("needs the extra", "engine needs", "could not import", "the extra", "example needs")
    hidden = [
        report.nodeid
        for report in reporter.stats.get("skipped", [])
        if report.longrepr and any(word in str(report.longrepr[-1]) for word in wanted)
    ]
    if hidden:
        reporter.write_line(f"{len(hidden)} skipped for want of an extra: {', '.join(hidden[:5])}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """The user's cache is neither read nor written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORESCALE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _mirror_only_where_asked(request, monkeypatch):
    """Only tests marked ``mirror`` see the mirror: the others are the same everywhere."""
    if request.node.get_closest_marker("mirror") is None:
        monkeypatch.delenv("FORESCALE_MIRROR", raising=False)
    elif not MIRROR or not Path(MIRROR).is_dir():
        pytest.skip("FORESCALE_MIRROR is not set to a folder of the public data files")


def additive_values() -> dict[str, float]:
    """About 200 molecules with a made-up value in K, a sum over their groups."""
    return {
        "C" * (length - 2 * branches) + "C(C)" * branches + "C" + end: (
            100.0 + 28.0 * length - 6.0 * branches + extra
        )
        for length in range(1, 13)
        for end, extra in ENDS.items()
        for branches in range((length + 1) // 2)[:3]
    }


@pytest.fixture(scope="session")
def write_study():
    """Write study.toml, computed.csv (K) and measured.csv (degC, column lab) to a folder."""

    def write(folder, replicates=4, **changes):
        values = additive_values()
        rng = np.random.default_rng(0)
        folder.mkdir(parents=True, exist_ok=True)
        computed = "".join(f"{smiles},{value:.3f}\n" for smiles, value in values.items())
        (folder / "computed.csv").write_text("smiles,tb\n" + computed)
        chosen = rng.permutation(list(values))[:100]
        measured = "".join(
            f"{smiles},{1.1 * values[smiles] - 253.15 + rng.normal(0, 5):.3f},lab{row % 12}\n"
            for row, smiles in enumerate(chosen)
        )
        (folder / "measured.csv").write_text("smiles,tb_c,lab\n" + measured)
        path = folder / "study.toml"
        path.write_text(STUDY.format(replicates=replicates))
        return rewritten(path, changes)

    return write


@pytest.fixture
def study_file(write_study, tmp_path):
    """Path of a fresh small study."""
    return write_study(tmp_path / "study")


@pytest.fixture
def edited(study_file):
    """The small study with other keys, as ``edited({"grid.n_target": [5]})``."""
    return lambda changes: load_study(rewritten(study_file, changes))


def rewritten(path, changes):
    """Change keys of a study file; see :func:`studies.changed`."""
    if changes:
        path.write_text(tomli_w.dumps(changed(tomllib.loads(path.read_text()), changes)))
    return path


@pytest.fixture(scope="session")
def dask_processes(tmp_path_factory):
    """A scheduler and two workers; a test that kills one adds one first."""
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    from dask_processes import DaskProcesses

    with DaskProcesses(tmp_path_factory.mktemp("dask")) as running:
        yield running


@pytest.fixture(scope="session")
def slurm(tmp_path_factory):
    """A real Slurm of our own on this machine; its programs are on the path meanwhile."""
    pytest.importorskip("submitit", reason="the extra slurm is not installed")
    from real_slurm import RealSlurm, missing

    if why := missing():
        pytest.skip(why)
    running = RealSlurm(tmp_path_factory.mktemp("slurm"))
    try:
        running.start()
    except (RuntimeError, TimeoutError) as error:
        running.stop()
        pytest.skip(f"Slurm cannot be started here: {error}")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in running.environment.items():
            patch.setenv(name, value)
        yield running
    running.stop()


@pytest.fixture
def forescale(monkeypatch, capsys):
    """Run the command as the shell does: (exit code, standard output, standard error)."""

    def forescale(*arguments):
        monkeypatch.setattr(sys, "argv", ["forescale", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return forescale

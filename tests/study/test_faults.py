"""Real processes, really killed: nothing computed is lost, and the numbers stay the same."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from bare_runs import run_without_laws

from forescale.study import RunFolder, load_study

REPLICATES = 12
PATIENCE = 180.0  # seconds; reached only where something hangs

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc"),
]


@pytest.fixture(scope="module")
def study_file(write_study, tmp_path_factory):
    small = {"learner.lengths": [1.0], "learner.noises": [0.1], "grid.n_target": [20]}
    return write_study(tmp_path_factory.mktemp("faults"), replicates=REPLICATES, **small)


@pytest.fixture(scope="module")
def undisturbed(study_file):
    """The numbers of a run that nothing disturbed, on one process."""
    return numbers(finish(study_file, study_file.parent / "undisturbed"))


def finish(study_file, out):
    run_without_laws(load_study(study_file), out, workers=1, model=False)
    return out


def numbers(out):
    errors = RunFolder(out).errors()
    return errors.sort_values(["replicate", "n_source", "n_target", "metric"], ignore_index=True)


def start(study_file, out, workers):
    """Start ``forescale run`` in a process group of its own, as a terminal would."""
    command = [sys.executable, "-c", "from forescale.cli.main import main; main()", "run"]
    return subprocess.Popen(
        [*command, str(study_file), "--out", str(out), "--workers", str(workers), "--no-model"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def parts(out):
    return sorted((out / "errors").glob("part-*.parquet"))


def wait_for(condition, process=None):
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        assert process is None or process.poll() is None, process.stderr.read()
        time.sleep(0.005)
    return found


def of_group(group):
    """Living processes of a process group, by id, with their command lines."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found[int(entry.name)] = command
    return found


def workers_of(process):
    return [pid for pid, command in of_group(process.pid).items() if "spawn_main" in command]


def test_kill_9_in_the_middle_and_a_rerun_give_the_same_numbers(study_file, undisturbed):
    out = study_file.parent / "killed"
    process = start(study_file, out, workers=2)
    wait_for(lambda: len(parts(out)) >= 2, process)
    assert len(workers_of(process)) == 2
    process.kill()
    process.wait()
    process.stderr.close()
    kept = {part: part.stat().st_mtime_ns for part in parts(out)}
    assert 2 <= len(kept) < REPLICATES
    wait_for(lambda: not of_group(process.pid))  # no worker goes on for nobody
    pd.testing.assert_frame_equal(numbers(finish(study_file, out)), undisturbed, check_exact=True)
    assert kept == {part: part.stat().st_mtime_ns for part in kept}
    assert len(parts(out)) == REPLICATES


def test_ctrl_c_keeps_what_is_finished_and_a_rerun_continues(study_file, undisturbed):
    out = study_file.parent / "interrupted"
    process = start(study_file, out, workers=2)
    wait_for(lambda: parts(out), process)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "the same command continues" in said
    assert "Traceback" not in said
    assert 1 <= len(parts(out)) < REPLICATES
    wait_for(lambda: not of_group(process.pid))
    pd.testing.assert_frame_equal(numbers(finish(study_file, out)), undisturbed, check_exact=True)


def test_a_killed_worker_is_replaced_and_two_workers_give_the_numbers_of_one(
    study_file, undisturbed
):
    out = study_file.parent / "worker-killed"
    process = start(study_file, out, workers=2)
    wait_for(lambda: parts(out), process)
    os.kill(workers_of(process)[0], signal.SIGKILL)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert "a worker process died" in said
    assert "Traceback" not in said
    pd.testing.assert_frame_equal(numbers(out), undisturbed, check_exact=True)
    assert (out / "law.json").is_file()

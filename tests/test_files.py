"""Files that are whole or absent, and folders that go with their process."""

import subprocess
import sys

import pytest

from forescale._machine.files import replace_file, scratch_folder


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "kept.txt"
    path.write_text("old")

    def interrupted():
        with replace_file(path) as temporary:
            temporary.write_text("new, half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept.txt"]


def test_scratch_of_a_killed_process_is_cleared_and_of_a_live_one_kept(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    alive = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        for process in (dead, alive):
            (tmp_path / f".scratch-{process.pid}").mkdir()
        with scratch_folder(tmp_path) as folder:
            (folder / "large.npy").write_bytes(b"x")
            assert not (tmp_path / f".scratch-{dead.pid}").exists()
            assert (tmp_path / f".scratch-{alive.pid}").exists()
        assert not folder.exists()
    finally:
        alive.communicate(b"\n")

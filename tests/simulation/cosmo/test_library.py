"""The library of surfaces: computed once, by one process, whatever ends it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from forescale.engines.cosmo import library, scf
from forescale.engines.cosmo.library import SurfaceLibrary, identify
from forescale.engines.cosmo.settings import SURFACE_FIELDS, CosmoSettings
from forescale.errors import EngineError, MaterialError

pytest.importorskip("pyscf")

SETTINGS = CosmoSettings()
#: Asks for a material's surfaces; a line in a file for each SCF that begins and for the end.
SCRIPT = """
import sys
from pathlib import Path
from forescale.engines.cosmo import library
from forescale.engines.cosmo.settings import CosmoSettings

folder, material = Path(sys.argv[1]), sys.argv[2]
original = library.conductor_surface

def noted(*arguments):
    with (folder / "log.txt").open("a") as stream:
        stream.write("scf\\n")
    return original(*arguments)

library.conductor_surface = noted
surfaces = library.SurfaceLibrary(folder).get(material, CosmoSettings())
print(repr([surface.energy for surface in surfaces]))
"""


def begin(folder: Path, material: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), material], stdout=subprocess.PIPE, text=True
    )


def log(folder: Path) -> int:
    path = folder / "log.txt"
    return path.read_text().count("scf") if path.exists() else 0


def wait_for(condition: object, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.01)


def refuse(*arguments: object) -> None:
    raise AssertionError("computed again")


def test_surfaces_are_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = SurfaceLibrary(tmp_path)
    first = shelf.get("CCO", SETTINGS)
    assert [surface.energy for surface in first] == sorted(surface.energy for surface in first)
    assert len(first) == 2
    described = json.loads(next(tmp_path.glob("*/surfaces.json")).read_text())
    assert described["material"] == described["computed"] == "CCO"
    assert described["surfaces"] == 2
    assert all(seconds > 0 for seconds in described["processor_seconds"])
    monkeypatch.setattr(library, "conductor_surface", refuse)
    monkeypatch.setattr(library, "lowest_conformers", refuse)
    again = shelf.get("CCO", SETTINGS)
    assert [s.charges.tolist() for s in again] == [s.charges.tolist() for s in first]


def test_what_changes_the_numbers_is_in_the_identity() -> None:
    here = identify("*CCO*", SETTINGS, 0)
    assert set(SURFACE_FIELDS) <= set(here)
    assert {"pyscf", "rdkit", "recipe", "seed", "material"} <= set(here)
    for change in ({"theory": "bp86/def2-svp"}, {"lebedev": 194}, {"conformers": 1}, {"flank": 3}):
        assert identify("*CCO*", CosmoSettings(**change), 0) != here
    # A molecule has no flanks.
    assert identify("O", CosmoSettings(flank=3), 0) == identify("O", SETTINGS, 0)


def test_a_torn_surface_is_computed_again(tmp_path: Path) -> None:
    shelf = SurfaceLibrary(tmp_path)
    (whole,) = shelf.get("O", SETTINGS)
    (path,) = tmp_path.glob("*/0.npz")
    path.write_bytes(path.read_bytes()[:200])
    (again,) = shelf.get("O", SETTINGS)
    assert again.energy == pytest.approx(whole.energy, abs=1e-9)
    assert path.stat().st_size > 200


@pytest.mark.processes
def test_two_processes_share_the_work(tmp_path: Path) -> None:
    both = [begin(tmp_path, "CCO") for _ in range(2)]
    answers = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert answers[0] == answers[1] != ""
    assert log(tmp_path) == 2  # one for each conformer


@pytest.mark.processes
def test_after_a_kill_only_the_rest_is_computed(tmp_path: Path) -> None:
    process = begin(tmp_path, "CCO")
    wait_for(lambda: log(tmp_path) == 2)  # the first is stored, the second has begun
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    (stored,) = tmp_path.glob("*/*.npz")
    written = stored.stat().st_mtime_ns
    assert not list(tmp_path.glob("*/surfaces.json"))
    again = begin(tmp_path, "CCO")
    assert len(json.loads(again.communicate(timeout=120)[0])) == 2
    assert log(tmp_path) == 3
    assert stored.stat().st_mtime_ns == written


def test_a_failure_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = SurfaceLibrary(tmp_path)
    with monkeypatch.context() as changed:
        changed.setattr(scf, "CYCLES", 1)
        changed.setattr(scf, "DAMPED_CYCLES", 1)
        with pytest.raises(EngineError, match=r"'CO', conformer 0: SCF .* not converged"):
            shelf.get("CO", SETTINGS)
    with monkeypatch.context() as changed:  # not tried for every pair that the material is in
        changed.setattr(library, "conductor_surface", refuse)
        with pytest.raises(EngineError, match=r"not converged .*delete .*failure\.json"):
            shelf.get("CO", SETTINGS)
    next(tmp_path.glob("*/failure.json")).unlink()
    assert len(shelf.get("CO", SETTINGS)) == 1


@pytest.mark.parametrize(
    ("material", "reason"),
    [
        ("[Na+].[Cl-]", "contains Na"),
        ("CC[O-]", "charge -1"),
        ("[CH3]", "unpaired electrons"),
        ("C" * 61, "61 heavy atoms; the protocol allows 60"),
        ("*CC(*)[N+](C)(C)C", r"charge \+"),
        ("C1CC", "not a molecule"),
        ("*CC", "expected a repeat unit with two"),
    ],
)
def test_materials_out_of_range_are_refused(material: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(MaterialError, match=reason):
        SurfaceLibrary(tmp_path).get(material, SETTINGS)


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match="cannot be written"):
        SurfaceLibrary(tmp_path / "file").get("O", SETTINGS)

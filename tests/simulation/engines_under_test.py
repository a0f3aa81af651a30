"""Engines that behave well or badly, on purpose."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

from forescale.errors import MaterialError
from forescale.simulation import EngineProtocol, Job, Record


class Settings(EngineProtocol):
    pause: float = 0.0
    log: Path | None = None


class Length:
    """The number of characters of the SMILES, after a pause; logs what it finished."""

    name = "length"
    kinds = frozenset({"molecule", "polymer"})
    units: ClassVar[dict[str, str]] = {"length": ""}
    version = "1"
    Settings = Settings

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def check(self) -> None:
        pass

    def compute(self, job: Job) -> Record:
        time.sleep(self.settings.pause)
        self.misbehave(job)
        if self.settings.log is not None:
            with self.settings.log.open("a") as stream:
                stream.write(f"{job.material} {job.seed}\n")
        return Record({"length": float(len(job.material))})

    def misbehave(self, job: Job) -> None:
        pass


class Writes(Length):
    """Writes four megabytes to its scratch folder."""

    def compute(self, job: Job) -> Record:
        (job.scratch / "trajectory").write_bytes(bytes(2**22))
        return super().compute(job)


class Crashes(Length):
    """Dies of a segmentation fault on every molecule with nitrogen."""

    def misbehave(self, job: Job) -> None:
        if "N" in job.material:
            os.write(2, b"about to crash\n")
            ctypes.string_at(0)


class Hangs(Length):
    """Starts a child and waits for ever on every molecule with nitrogen."""

    def misbehave(self, job: Job) -> None:
        if "N" in job.material:
            child = subprocess.Popen(["sleep", "1000"])
            (Path(self.settings.log or "").parent / "child.pid").write_text(str(child.pid))
            time.sleep(1000)


class Rubbish(Length):
    """Prints binary noise to both streams and leaves files in its working directory."""

    def misbehave(self, job: Job) -> None:
        os.write(1, b'\xff\x00{"ready": false}\n' * 1000)
        sys.stderr.write("noise\n")
        Path("left-behind.dat").write_bytes(b"x" * 1000)


class Flaky(Length):
    """Fails with the first seed."""

    def misbehave(self, job: Job) -> None:
        if job.seed == 0:
            raise RuntimeError("no luck with this seed")


class Greedy(Length):
    """Takes two gibibytes for every molecule with nitrogen."""

    def misbehave(self, job: Job) -> None:
        if "N" in job.material:
            bytearray(2 * 2**30)


class Picky(Length):
    """Refuses molecules with nitrogen."""

    def misbehave(self, job: Job) -> None:
        if "N" in job.material:
            raise MaterialError("no nitrogen here")


class NotANumber(Length):
    """Returns a value that is none."""

    def compute(self, job: Job) -> Record:
        return Record({"length": float("nan")})


class Uninstalled(Length):
    """Lacks a program."""

    def check(self) -> None:
        from forescale.errors import MissingDependencyError

        raise MissingDependencyError("the program is missing: install it with care")


class Resumes(Length):
    """Needs six steps and keeps the number of those done in its checkpoint."""

    def compute(self, job: Job) -> Record:
        done = job.checkpoint / "done" if job.checkpoint else job.scratch / "done"
        done.parent.mkdir(parents=True, exist_ok=True)
        steps = int(done.read_text()) if done.exists() else 0
        while steps < 6:
            time.sleep(self.settings.pause)
            steps += 1
            done.write_text(str(steps))
        return super().compute(job)

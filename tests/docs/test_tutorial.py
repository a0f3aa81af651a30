"""The tutorial works as printed: its files are written, its commands and code are run."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from forescale.laws.flags import readable

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def test_tutorial(tmp_path):
    scripts = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{scripts}:{os.environ['PATH']}"}
    ran = []
    for language, title, body in BLOCK.findall(TUTORIAL.read_text(encoding="utf-8")):
        if title:
            (tmp_path / title).write_text(body, encoding="utf-8")
        elif language == "console":
            for line in body.splitlines():
                command = shlex.split(line.removeprefix("$ "))
                done = subprocess.run(
                    command, cwd=tmp_path, env=environment, capture_output=True, text=True
                )
                # The table to check has a bad row, on purpose.
                expected = 1 if command[1] == "data" else 0
                assert done.returncode == expected, f"{line}\n{done.stdout}\n{done.stderr}"
                ran.append(command[1])
        elif language == "python":
            subprocess.run([sys.executable, "-c", body], cwd=tmp_path, check=True)
            ran.append("python")
    assert ran == ["run", "plan", "predict", "data", "init", "fit", "python"]
    assert (tmp_path / "runs/first/report.html").stat().st_size > 100_000
    laws = json.loads((tmp_path / "runs/first/law.json").read_text())
    assert all(readable(law["flags"]) for law in laws if law["metric"] == "rmse"), "no law"

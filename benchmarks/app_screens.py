"""Pictures of every screen of the app, at 1,280 and 400 px, light and dark, for the docs.

python benchmarks/app_screens.py FOLDER [--run AT] [--other AT] [--campaign AT] [--loop AT]
                                 [--tables COMPUTED MEASURED] [--only SCREEN …] [--looks LOOK …]

FOLDER is one with finished work, such as ``forescale demo --out FOLDER/runs/demo`` makes. Needs
Chromium, its driver and Selenium, as the tests do.
"""

from __future__ import annotations

import argparse
import importlib
import io
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode, urlsplit

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))

LOOKS = (
    ("wide", 1280, False),
    ("narrow", 400, False),
    ("dark", 1280, True),
    ("narrow-dark", 400, True),
)
_TALLEST = {1280: 1500, 400: 1500}


def screens(arguments: argparse.Namespace) -> dict[str, str]:
    """Addresses by name."""
    run = urlencode({"at": arguments.run})
    found = {
        "home": "/",
        "new": "/new",
        "run": f"/run?{run}",
        "results": f"/results?{run}",
        "plan": f"/plan?{run}",
        "predict": f"/predict?{run}",
        "data": "/data",
    }
    if arguments.tables:
        found["new-draft"] = "/new"
    if arguments.other:
        found["compare"] = f"/compare?{run}&{urlencode({'at': arguments.other})}"
    for kind in ("campaign", "loop"):
        if at := getattr(arguments, kind):
            found[kind] = f"/{kind}?{urlencode({'at': at})}"
    return found


def shoot(
    browser: Any, path: str, width: int, *, dark: bool, structures: str, tables: Sequence[Path]
) -> Image.Image:
    """One screen, from its top."""
    browser.look(width=width, dark=dark)
    browser.open(path)
    browser.still(400)
    if path.startswith("/predict"):
        browser.press("#text", structures)
        browser.click("form .primary")
        browser.see(".prediction", 300)
        browser.still(400)
    if tables:
        for side, table in zip(("computed", "measured"), tables, strict=True):
            browser.see(f"[name={side}]").send_keys(str(table.resolve()))
        browser.click("form .primary")
        browser.drawn()
        browser.until(lambda: "just now" in browser.text("#draft .info"), 300)
    time.sleep(1.5)
    height = min(int(browser.run("return document.documentElement.scrollHeight")), _TALLEST[width])
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.run("window.scrollTo(0, 0)")
    time.sleep(0.7)
    return Image.open(io.BytesIO(browser.driver.get_screenshot_as_png())).convert("RGB")


def main() -> None:
    """Take all of them."""
    browser_of: Any = importlib.import_module("chromium").Browser
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/images/app"))
    parser.add_argument("--run", default="runs/demo")
    parser.add_argument("--other", default="", help="a second run, to compare with")
    parser.add_argument("--campaign", default="")
    parser.add_argument("--loop", default="")
    parser.add_argument("--structures", default="CCO\nc1ccccc1O\nCCCCCCCCCCCC")
    parser.add_argument("--tables", type=Path, nargs=2, default=[], help="of a new study")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--looks", nargs="*", default=[look for look, *_ in LOOKS])
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "forescale", "app", str(arguments.folder), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        link = process.stdout.readline().strip()
        address = f"http://{urlsplit(link).netloc}"
        with closing(browser_of()) as browser:
            browser.enter(SimpleNamespace(link=link, address=address))
            for name, path in screens(arguments).items():
                if arguments.only and name not in arguments.only:
                    continue
                for look, width, dark in LOOKS:
                    if look in arguments.looks:
                        tables = arguments.tables if name == "new-draft" else []
                        image = shoot(browser, path, width, dark=dark, tables=tables,
                                      structures=arguments.structures)  # fmt: skip
                        file = arguments.out / f"{name}-{look}.png"
                        image.quantize(64).save(file, optimize=True)
                        wide = browser.run("return document.documentElement.scrollWidth") > width
                        size = f"{file.stat().st_size // 1000} kB"
                        print(file, image.size, size, "CUT" if wide else "", flush=True)
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()

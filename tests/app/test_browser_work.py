"""Work watched in a real browser: a campaign that outlives the app."""

import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from app_server import AppServer, alive, kill_session
from chromium import Browser

ENGINES = Path(__file__).parents[1] / "simulation" / "engines_under_test.py"
CAMPAIGN = """
name = "lengths"
results = "results"
materials = [{{ file = "materials.csv" }}]
workers = 1
engine = {{ name = "{engine}:Length", protocol = {{ pause = 0.4 }} }}
"""


@pytest.fixture(scope="module")
def browser():
    with closing(Browser()) as found:
        yield found


@pytest.fixture
def campaign(tmp_path):
    """A campaign at work in a process of its own, started from a terminal."""
    folder = tmp_path / "folder" / "lengths"
    folder.mkdir(parents=True)
    names = ["C" * k + end for k in range(1, 51) for end in ("", "O", "N", "Cl")]
    (folder / "materials.csv").write_text("\n".join(["smiles", *names]) + "\n")
    (folder / "campaign.toml").write_text(CAMPAIGN.format(engine=ENGINES))
    command = [sys.executable, "-m", "forescale", "simulate", "campaign.toml"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=folder, start_new_session=True, **quiet)
    yield tmp_path / "folder", process
    kill_session(process.pid)
    process.wait()


def done(browser):
    """How many materials the page of a campaign says are done."""
    return int(re.search(r"(\d+) of 200 materials", browser.text("#campaign h2"))[1])


def test_a_campaign_is_watched_live_and_outlives_the_app(browser, campaign):
    folder, process = campaign
    with AppServer(folder) as first:
        browser.enter(first)
        browser.until(lambda: "lengths" in browser.body() or browser.driver.refresh())
        browser.open("/campaign?at=lengths%2Fresults")
        browser.run("window.sameLoad = true")
        before = done(browser)
        browser.until(lambda: done(browser) >= max(before, 1) + 3)
        assert browser.run("return window.sameLoad")  # told by events, not loaded again
        seen = done(browser)
        first.kill()
        assert alive(process.pid)
    with AppServer(folder) as second:
        browser.enter(second)
        browser.open("/campaign?at=lengths%2Fresults")
        assert done(browser) >= seen
        browser.until(lambda: done(browser) >= seen + 3)
        assert alive(process.pid)
        assert browser.findings() == []

"""A run from the app: ordinary processes that outlive it, are found again, stopped, and go on."""

import json
import os
import re
import shutil
import signal
from contextlib import closing
from html import unescape

import pytest
from app_server import AppServer, alive, kill_session, wait_for


@pytest.fixture(scope="module")
def folder(tmp_path_factory, finished_folder):
    """A folder of our own with one finished run of two replicates."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(finished_folder / "runs" / "tiny", folder / "runs" / "tiny")
    return folder


@pytest.fixture
def job(folder):
    """What the app noted of the job; its session is ended with the test."""
    place = folder / "runs" / "tiny" / ".job.json"
    yield lambda: json.loads(place.read_text())
    if place.exists():
        kill_session(json.loads(place.read_text())["process"])


def replicates(folder):
    """How many replicates the run is to have."""
    return json.loads((folder / "runs/tiny/manifest.json").read_text())["study"]["replicates"]


def test_home_tells_what_the_files_say(folder):
    with AppServer(folder) as server, closing(server.client()) as client:
        page = client.get("/").text
        plan = json.loads((folder / "runs" / "tiny" / "plan.json").read_text())
        assert plan["verdict"]["verdict"] in page
        assert "°C" in page
        assert "runs/tiny" in page
        assert "Nothing fits" in client.get("/", params={"q": "nowhere"}).text
        assert "runs/tiny" in client.get("/", params={"q": "TINY run"}).text
        page = client.get("/run", params={"at": "runs/tiny"}).text
        assert "2 of 2 replicates" in page
        chart = json.loads(unescape(re.search(r'id="chart-data" hidden>([^<]+)<', page)[1]))
        assert {trace.get("name") for trace in chart["data"]} >= {"m = 5", "m = 20"}


def test_work_survives_the_app_and_is_found_again(folder, job):
    at = {"at": "runs/tiny"}
    study = folder / "runs" / "tiny" / "study.toml"
    # Far more than can be done before it is held: small studies end in a second.
    study.write_text(study.read_text().replace("replicates = 2", "replicates = 900"))
    with AppServer(folder) as server, closing(server.client()) as client:
        answer = client.post("/run/more", params=at)
        assert answer.status_code == 200, answer.text
        assert "Stop" in answer.text
        assert client.post("/run/more", params=at).status_code == 400  # at work already
        number = job()["process"]
        wait_for(lambda: replicates(folder) == 910)  # it has begun
        os.killpg(number, signal.SIGSTOP)  # its state is the same while it is looked at
        server.kill()
    assert alive(number)
    with AppServer(folder) as server, closing(server.client()) as client:
        page = client.get("/run", params=at).text
        assert "running" in page
        assert "Stop" in page
        client.post("/run/stop", params=at)
        os.killpg(number, signal.SIGCONT)
        wait_for(lambda: not alive(number))
        page = client.get("/run", params=at).text
        assert "Go on" in page
        assert "failed" not in page
        assert "Stop" in client.post("/run/go", params=at).text
        assert job()["process"] != number


def test_a_job_file_of_somebody_else_stops_nothing(folder):
    """A received folder may name any process; it has to be ours, and the one that was started."""
    bystander = AppServer(folder)
    place = folder / "received"
    place.mkdir()
    (place / "manifest.json").write_text((folder / "runs/tiny/manifest.json").read_text())
    for name in ("errors", "predictions"):
        (place / name).mkdir()
    told = {"process": bystander.process.pid, "began": "1", "arguments": ["x"], "started": 0}
    (place / ".job.json").write_text(json.dumps(told))
    with bystander as server, closing(server.client()) as client:
        client.post("/run/stop", params={"at": "received"})
        assert client.get("/").status_code == 200

"""A real app, started as a person starts it, and a client that is let in by its link."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx


class AppServer:
    """``forescale app FOLDER`` in a process of its own."""

    def __init__(self, folder, *options):
        command = [sys.executable, "-m", "forescale", "app", str(folder), "--no-browser", *options]
        began = time.monotonic()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.link = self.process.stdout.readline().strip()
        self.seconds = time.monotonic() - began
        assert self.link.startswith("http://"), self.link
        parts = urlsplit(self.link)
        self.address = f"http://{parts.netloc}"
        self.host = parts.netloc
        self.token = parts.query.removeprefix("token=")

    def client(self):
        """Be let in by the first link, as a browser is."""
        client = httpx.Client(base_url=self.address, timeout=300)
        client.get(f"/?token={self.token}").raise_for_status()
        page = client.get("/")
        csrf = re.search(r'name="csrf" content="([^"]+)"', page.text)[1]
        client.headers.update({"x-csrf-token": csrf, "origin": self.address})
        return client

    def kill(self):
        """End it as the power cut does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """End it as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=20)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def alive(number):
    """Whether a process works, and is not merely unburied."""
    try:
        stat = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def wait_for(condition, seconds=300):
    """Return what a condition gives once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {condition}")


def kill_session(number):
    """End what a test has started in a session of its own."""
    with suppress(ProcessLookupError):
        os.killpg(number, signal.SIGKILL)

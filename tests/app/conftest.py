"""A folder with two finished runs, one with its model, made once."""

import json
import shutil
from contextlib import closing

import pandas as pd
import pytest
from app_server import AppServer

from forescale import workflow
from forescale.study import load_study


@pytest.fixture(scope="session")
def finished_folder(tmp_path_factory, write_study):
    """``runs/tiny`` with its model, ``runs/dearer`` with larger errors that fall faster."""
    folder = tmp_path_factory.mktemp("finished")
    file = write_study(folder / "studies" / "tiny", replicates=2)
    run = folder / "runs" / "tiny"
    workflow.run_study(load_study(file), run, show_progress=False)
    other = folder / "runs" / "dearer"
    shutil.copytree(run, other)
    shutil.rmtree(other / "model")
    manifest = json.loads((other / "manifest.json").read_text())
    manifest["name"] = manifest["study"]["name"] = "dearer one"
    (other / "manifest.json").write_text(json.dumps(manifest))
    for part in (other / "errors").glob("*.parquet"):
        errors = pd.read_parquet(part)
        errors["value"] *= 1.3 * (errors["n_source"].clip(lower=20) / 20.0) ** -0.1
        errors.to_parquet(part)
    return folder


@pytest.fixture(scope="session")
def shown(finished_folder):
    """The app over the finished runs."""
    with AppServer(finished_folder) as server:
        yield server


@pytest.fixture(scope="module")
def server(folder):
    """The app over the folder of a test module."""
    with AppServer(folder) as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    """Who has entered that app."""
    with closing(server.client()) as found:
        yield found

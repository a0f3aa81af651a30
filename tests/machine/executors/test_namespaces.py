"""Workers behind networks of their own, by TLS, with scratch folders of their own."""

import os
import subprocess
import sys

import pandas as pd
import pytest

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    from namespaces import Namespaces, missing

    if why := missing():
        pytest.skip(why)
    with Namespaces(tmp_path_factory.mktemp("nodes")) as running:
        yield running


def test_a_study_has_the_same_numbers_as_here(nodes, study_file, forescale, tmp_path):
    clusters = tmp_path / "clusters.toml"
    clusters.write_text(nodes.table())
    here, there = tmp_path / "here", tmp_path / "there"
    assert forescale("run", study_file, "-o", here, "--no-model", "--workers", 1)[0] == 0
    command = ["run", str(study_file), "-o", str(there), "--no-model", "--cluster", "nodes"]
    told = subprocess.run(
        nodes.within(sys.executable, "-m", "forescale", *command),
        env=os.environ | {"FORESCALE_CLUSTERS": str(clusters)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert f"working on {nodes.address}" in told.stderr
    assert "not encrypted" not in told.stderr
    ours, theirs = (
        pd.concat(pd.read_parquet(part) for part in sorted((run / "errors").glob("*.parquet")))
        for run in (here, there)
    )
    pd.testing.assert_frame_equal(ours, theirs)


def test_without_certificates_the_scheduler_answers_nobody(nodes, tmp_path):
    plain = nodes.address.replace("tls://", "tcp://")
    told = subprocess.run(
        nodes.within(sys.executable, "-m", "forescale", "cluster", "check", plain,
                     "--folder", str(tmp_path)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode != 0
    assert "Traceback" not in told.stderr

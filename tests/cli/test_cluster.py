"""``forescale cluster check``: one tiny job end to end."""

import json

import pytest

pytestmark = pytest.mark.cluster


def test_a_working_cluster_answers(dask_processes, forescale, tmp_path):
    asked = ("cluster", "check", dask_processes.address, "--folder", tmp_path, "--engine", "replay")
    code, out, err = forescale(*asked, "--json")
    told = json.loads(out)
    assert code == 0, err
    assert told["sees"]
    assert told["engine"] == "replay"
    assert told["differs"] == ""
    assert not list(tmp_path.iterdir())


def test_local_is_no_cluster(forescale):
    code, _, err = forescale("cluster", "check", "local")
    assert code == 2
    assert "nothing to check" in err

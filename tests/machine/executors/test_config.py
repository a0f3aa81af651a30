"""The ``[cluster]`` table and what ``--cluster`` may say."""

import pytest

from forescale._machine.executors import ClusterConfig, find_cluster
from forescale.errors import ConfigError


@pytest.fixture
def clusters(tmp_path, monkeypatch):
    path = tmp_path / "clusters.toml"
    monkeypatch.setenv("FORESCALE_CLUSTERS", str(path))
    return path


def test_the_command_line_goes_before_the_file(clusters):
    clusters.write_text('[ours]\nkind = "slurm"\nworkers = 7\n')
    assert find_cluster(None, "ours").workers == 7
    assert find_cluster("tcp://127.0.0.1:8786", "ours").address == "tcp://127.0.0.1:8786"
    assert find_cluster("local", "ours") is None
    assert find_cluster(None, None) is None


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("theirs", "expected one of ours"),
        ("tcp://no-port", "address"),
        ("wrong", "wallclock"),
        ("both", "one way to a scheduler"),
    ],
)
def test_what_is_wrong_is_told(clusters, name, told):
    clusters.write_text(
        '[ours]\nkind = "slurm"\n[wrong]\nwallclock = 3\n'
        '[both]\naddress = "tcp://127.0.0.1:1"\nqueue = "slurm"\nwalltime = 60\n'
    )
    with pytest.raises(ConfigError, match=told):
        find_cluster(name)


def test_without_a_file_an_address_is_asked_for(clusters):
    with pytest.raises(ConfigError, match="or give an address"):
        find_cluster("ours")


def test_a_study_may_name_its_cluster_and_is_the_same_study(edited):
    plain = edited({}).to_plain()
    study = edited({"cluster": {"kind": "slurm", "workers": 3}})
    assert study.cluster == ClusterConfig(kind="slurm", workers=3)
    assert study.to_plain() == plain


def test_a_wrong_key_of_a_study_s_cluster_is_named(edited):
    with pytest.raises(ConfigError, match=r"cluster.wrong: .*there is no such key"):
        edited({"cluster": {"wrong": 3}})

"""From a name to an address: the consortium's list, then the provider's own index."""

import pytest

from forescale.catalog.live import Manners
from forescale.catalog.live.providers import known_providers, resolve
from forescale.errors import ConfigError, ForescaleError


def found(provider, indexes):
    return resolve(provider, Manners(attempts=1), print, indexes)


def test_the_large_databases_are_in_the_list():
    indexes = known_providers()
    assert {"mp", "oqmd", "aflow", "jarvis", "alexandria", "odbx"} <= set(indexes)
    assert all(url.startswith("https://") for url in indexes.values())


def test_an_index_leads_to_its_database(servers):
    indexes = {"exmpl": servers["index"]}
    assert found("exmpl/server", indexes) == f"{servers['server']}/v1"
    assert found("EXMPL/Grown", indexes) == f"{servers['grown']}/v1"


def test_several_databases_are_listed_with_their_addresses(servers):
    with pytest.raises(ConfigError, match="expected one of its 2 databases") as caught:
        found("exmpl", {"exmpl": servers["index"]})
    assert f"exmpl/grown ({servers['grown']}/)" in str(caught.value)


def test_a_base_url_is_taken_as_it_is():
    assert found("https://example.org/optimade", {}) == "https://example.org/optimade/v1"
    assert found("https://example.org/optimade/v1/", {}) == "https://example.org/optimade/v1"


def test_an_unknown_name_and_an_index_that_is_away():
    with pytest.raises(ConfigError, match="got provider 'x', expected a base URL or one of a, b"):
        found("x", {"a": "https://a.org", "b": "https://b.org"})
    with pytest.raises(ForescaleError, match=r"127\.0\.0\.1:9/v1/links: ConnectionRefusedError"):
        found("a", {"a": "http://127.0.0.1:9"})


def test_an_index_is_not_a_database(fetch, proxy, servers):
    proxy.upstream = servers["index"]
    with pytest.raises(ConfigError, match="is an index of databases"):
        fetch()

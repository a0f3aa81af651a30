"""A dataset's file comes from the mirror or a download, and only with the right hash."""

import functools
import hashlib
import threading
import types
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pooch
import pytest

from forescale.catalog import get_entry, load_dataset, locate
from forescale.catalog.entry import RemoteFile
from forescale.errors import ForescaleError, IntegrityError

COMMIT = 40 * "a"
CONTENT = b"smiles,density\n*CC*,0.85\n*CO*,1.4\n*C(F)(F)*,2.2\n"


@pytest.fixture
def entry():
    """A catalog entry of a small file."""
    real = get_entry("radonpy-pi1070")
    file = RemoteFile(
        repository="some/where",
        commit=COMMIT,
        path="data/table.csv",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
    )
    return real.model_copy(update={"file": file})


@pytest.fixture
def tree(tmp_path):
    """A folder laid out as OWNER/REPO/COMMIT/PATH that holds the file."""
    path = tmp_path / "tree" / "some" / "where" / COMMIT / "data" / "table.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return tmp_path / "tree"


@pytest.fixture
def file(tree):
    return tree / "some" / "where" / COMMIT / "data" / "table.csv"


@pytest.fixture
def mirror(tree, monkeypatch):
    monkeypatch.setenv("FORESCALE_MIRROR", str(tree))
    return tree


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FORESCALE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def server(tree, cache, monkeypatch):
    """A web server of the tree on this machine; entries point at it. Yields what it was asked."""
    asked = []

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format, *args):  # noqa: A002
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tree)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setattr(
        RemoteFile,
        "url",
        property(lambda self: f"{base}/{self.repository}/{self.commit}/{self.path}"),
    )
    monkeypatch.setattr(pooch.core, "time", types.SimpleNamespace(sleep=lambda seconds: None))
    yield asked
    server.shutdown()
    server.server_close()
    thread.join()


class TestMirror:
    def test_is_read_in_place(self, entry, mirror, file, cache):
        assert locate(entry) == (file,)
        assert not cache.exists()

    def test_a_wrong_hash_is_refused(self, entry, mirror, file):
        file.write_bytes(CONTENT.replace(b"0.85", b"0.86"))
        with pytest.raises(
            IntegrityError, match=r"got sha256 .*expected .*'radonpy-pi1070'"
        ) as caught:
            locate(entry)
        assert str(file) in str(caught.value)
        assert caught.value.exit_code == 1

    def test_a_file_that_is_not_there_is_named(self, entry, mirror, file):
        file.unlink()
        with pytest.raises(ForescaleError, match="not in the mirror; unset FORESCALE_MIRROR"):
            locate(entry)


class TestDownload:
    def test_happens_once(self, entry, server, cache):
        (first,) = locate(entry)
        assert first.read_bytes() == CONTENT
        assert cache in first.parents
        assert locate(entry) == (first,)
        assert len(server) == 1

    def test_a_wrong_hash_is_refused_and_nothing_is_kept(self, entry, server, file, cache):
        file.write_bytes(CONTENT + b"*CN*,1\n")
        with pytest.raises(IntegrityError, match=r"'radonpy-pi1070' from http://127.0.0.1"):
            locate(entry)
        assert [path for path in cache.rglob("*") if path.is_file()] == []

    def test_a_damaged_copy_is_downloaded_again(self, entry, server):
        (path,) = locate(entry)
        path.write_bytes(CONTENT[:-10])
        assert locate(entry)[0].read_bytes() == CONTENT
        assert len(server) == 2

    def test_a_file_that_is_gone_says_what_to_do(self, entry, server, file):
        file.unlink()
        with pytest.raises(ForescaleError, match=r"cannot be downloaded .*404.*FORESCALE_MIRROR"):
            locate(entry)

    def test_no_network_says_what_to_do(self, entry, cache, monkeypatch):
        monkeypatch.setattr(RemoteFile, "url", property(lambda self: "http://127.0.0.1:1/x"))
        monkeypatch.setattr(pooch.core, "time", types.SimpleNamespace(sleep=lambda seconds: None))
        with pytest.raises(ForescaleError, match=r"cannot be downloaded .*FORESCALE_MIRROR"):
            locate(entry)

    def test_a_cache_that_cannot_be_written_is_named(self, entry, server, cache):
        cache.write_text("a file in place of the folder")
        with pytest.raises(ForescaleError, match=str(cache)):
            locate(entry)


def test_a_table_of_a_mirrored_file_knows_where_it_is_from(entry, mirror, monkeypatch):
    monkeypatch.setattr("forescale.catalog.loading.get_entry", lambda name: entry)
    table = load_dataset("radonpy-pi1070", "density")
    assert table.frame["material"].tolist() == ["*CC*", "*CO*", "*C(F)(F)*"]
    (record,) = table.provenance
    assert record.sha256 == entry.file.sha256
    assert record.licence == "BSD-3-Clause"
    assert "Hayashi" in record.reference


class TestSeveralFiles:
    @pytest.fixture
    def entry(self, entry, file):
        """The dataset in two files, the second with an empty line and two bad rows."""
        second = b"smiles,density\n\n*CC*,0.95\nCC,1\n*CN*,heavy\n"
        (file.parent / "more.csv").write_bytes(second)
        more = entry.file.model_copy(
            update={"path": "data/more.csv", "sha256": hashlib.sha256(second).hexdigest()}
        )
        return entry.model_copy(update={"file": None, "files": (entry.file, more)})

    def test_are_one_table(self, entry, mirror, monkeypatch):
        monkeypatch.setattr("forescale.catalog.loading.get_entry", lambda name: entry)
        table = load_dataset("radonpy-pi1070", "density")
        assert dict(zip(table.frame["material"], table.values, strict=True)) == {
            "*CC*": pytest.approx(0.9),
            "*CO*": 1.4,
            "*C(F)(F)*": 2.2,
        }
        assert table.provenance[0].sha256.split() == [file.sha256 for file in entry.files]

    def test_name_each_bad_row_by_its_own_file(self, entry, mirror, monkeypatch):
        monkeypatch.setattr("forescale.catalog.loading.get_entry", lambda name: entry)
        rejected = load_dataset("radonpy-pi1070", "density").rejected
        assert rejected["file"].tolist() == ["more.csv", "more.csv"]
        assert rejected["row"].tolist() == [3, 4]

    def test_are_each_checked(self, entry, mirror, file):
        (file.parent / "more.csv").write_bytes(b"smiles,density\n*CC*,1\n")
        with pytest.raises(IntegrityError, match=r"more.csv: got sha256"):
            locate(entry)


def test_an_entry_has_one_origin(entry):
    fields = entry.model_dump()
    with pytest.raises(ValueError, match="one of file, files and package"):
        type(entry)(**{**fields, "files": (fields["file"],)})
    with pytest.raises(ValueError, match="one of file, files and package"):
        type(entry)(**{**fields, "file": None})

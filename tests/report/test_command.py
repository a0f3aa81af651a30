"""``forescale report`` on run folders."""

import json
import shutil

from typer.testing import CliRunner

from forescale.cli.main import app
from forescale.errors import RunFolderError


def run(*arguments):
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


def test_a_page_is_made_with_the_target_asked_for(unreported, read_page):
    result = run(unreported, "--json", "--target-error", "0.4321")
    assert result.exit_code == 0, result.exception
    assert "Report:" in result.stderr
    answer = json.loads(result.stdout)
    page = unreported / "report.html"
    assert answer["report"] == str(page)
    assert len(answer["figures"]) == 4
    assert "0.432" in read_page(page.read_text(encoding="utf-8")).visible


def test_a_page_is_made_again_to_the_byte(finished, tmp_path):
    path = shutil.copytree(finished[0], tmp_path / "copy")
    (path / "report.html").unlink()
    (path / "law.csv").unlink()
    assert run(path).exit_code == 0
    assert (path / "report.html").read_text(encoding="utf-8") == finished[1]
    assert (path / "law.csv").read_bytes() == (finished[0] / "law.csv").read_bytes()


def test_what_is_no_run_is_refused(tmp_path):
    for place in (tmp_path, tmp_path / "none"):
        error = run(place).exception
        assert isinstance(error, RunFolderError)
        assert error.exit_code == 2


def test_damaged_parts_are_named(unreported):
    (unreported / "errors" / "part-00002.parquet").write_bytes(b"cut")
    error = run(unreported).exception
    assert isinstance(error, RunFolderError)
    assert "part-00002.parquet" in str(error)

"""The command as the shell runs it."""

import sys

import pytest

from forescale.cli.main import main


@pytest.fixture
def forescale(monkeypatch, capsys):
    """Run the command as the shell does: (exit code, standard output, standard error)."""

    def forescale(*arguments):
        monkeypatch.setattr(sys, "argv", ["forescale", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return forescale

"""Runs that end with their errors and, where asked, their model."""

import pytest

from forescale.workflow import run_study


def run_without_laws(study, folder, **options):
    """Run a study without laws and page, which take longest and which few tests ask for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forescale.workflow.conclude", lambda folder, **_: folder)
        return run_study(study, folder, show_progress=False, **options)

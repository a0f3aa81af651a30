"""A study: its file, its data, its replicates, its folder."""

from forescale.study.config import Study, load_study
from forescale.study.data import StudyData, load_data
from forescale.study.folder import RunFolder
from forescale.study.runner import run_replicates
from forescale.study.summary import summarise

__all__ = [
    "RunFolder",
    "Study",
    "StudyData",
    "load_data",
    "load_study",
    "run_replicates",
    "summarise",
]

"""A study: its file, its data, its replicates, its folder."""

from forescale.study.config import Study
from forescale.study.data import StudyData, load_data
from forescale.study.design import Design
from forescale.study.folder import RunFolder, as_begun
from forescale.study.manifest import Manifest
from forescale.study.runner import run_replicates
from forescale.study.sizing import sized
from forescale.study.summary import summarise
from forescale.study.trust import load_study

__all__ = [
    "Design",
    "Manifest",
    "RunFolder",
    "Study",
    "StudyData",
    "as_begun",
    "load_data",
    "load_study",
    "run_replicates",
    "sized",
    "summarise",
]

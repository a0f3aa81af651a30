"""From materials to numbers: one featuriser a file, behind one small protocol."""

from forescale.descriptors.cache import featurize
from forescale.descriptors.contract import Column, Descriptor, Features
from forescale.descriptors.describe import DescribedBlock, columns_of, describe, describe_new
from forescale.descriptors.registry import get_descriptor, names
from forescale.descriptors.table import describe_by_table

__all__ = [
    "Column",
    "DescribedBlock",
    "Descriptor",
    "Features",
    "columns_of",
    "describe",
    "describe_by_table",
    "describe_new",
    "featurize",
    "get_descriptor",
    "names",
]

"""From materials to numbers: one featuriser a file, behind one small protocol."""

from forescale.descriptors._base import Column, Descriptor, Features
from forescale.descriptors._cache import featurize
from forescale.descriptors._registry import get_descriptor, names

__all__ = ["Column", "Descriptor", "Features", "featurize", "get_descriptor", "names"]

"""Materials that are on both sides, computed and measured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

OVERLAP_POLICIES = ("exclude", "allow")
"""``exclude``: computed values of test materials are not learnt from. ``allow``: they are,
as in screening, where every candidate may be simulated too."""


def usable_source(
    source_keys: NDArray[np.object_], test_keys: NDArray[np.object_], policy: str
) -> NDArray[np.int64]:
    """Rows of the source that a replicate with these test materials may learn from.

    >>> usable_source(np.array(["a", "b"], object), np.array(["b"], object), "exclude").tolist()
    [0]
    """
    if policy == "allow":
        return np.arange(len(source_keys))
    hidden = set(test_keys)
    return np.flatnonzero([key not in hidden for key in source_keys])

"""Materials that are on both sides, computed and measured."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

OVERLAP_POLICIES = ("exclude", "allow", "exclude-group", "disjoint")
"""``exclude``: computed values of test materials are not learnt from. ``allow``: they are,
as in screening, where every candidate may be simulated too. ``exclude-group``: nor are those
of any material in a group that is tested, such as other pairs with an unseen solvent.
``disjoint``: nor are those of any measured material, so that the computed predictions of
training and test materials are equally good; a model that fits the computed values of its
training materials closely trusts its predictions of test materials too much otherwise."""


def usable_source(
    source_keys: NDArray[np.object_],
    test_keys: NDArray[np.object_],
    policy: str,
    group_of: Callable[[str], str] | None = None,
    target_keys: NDArray[np.object_] | None = None,
) -> NDArray[np.int64]:
    """Rows of the source that a replicate with these test materials may learn from.

    Parameters
    ----------
    group_of
        The group of a key, for ``exclude-group``.
    target_keys
        All measured materials, for ``disjoint``.

    Examples
    --------
    >>> usable_source(np.array(["a", "b"], object), np.array(["b"], object), "exclude").tolist()
    [0]
    """
    if policy == "allow":
        return np.arange(len(source_keys))
    if policy == "exclude-group":
        assert group_of is not None
        hidden = set(map(group_of, test_keys))
        return np.flatnonzero([group_of(key) not in hidden for key in source_keys])
    if policy == "disjoint":
        assert target_keys is not None
        test_keys = target_keys
    hidden = set(test_keys)
    return np.flatnonzero([key not in hidden for key in source_keys])

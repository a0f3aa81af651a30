"""Threads of the linear algebra."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """Linear algebra on one thread: around a block, or as a decorator.

    For thousands of tiny matrices more threads only wait, and the last bits of a sum over
    several depend on how many there are.
    """
    with threadpool_limits(1):
        yield

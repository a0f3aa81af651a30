"""What a study file may say of the processes."""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import BaseModel, ConfigDict

from forescale.learners.gp.kernels import KernelName

_Positive = Annotated[float, Gt(0)]
_Share = Annotated[float, Gt(0), Le(1)]


class ProcessOptions(BaseModel):
    """Options of every learner that has a process on the measured values.

    Parameters
    ----------
    kernel
        ``laplacian``, ``rbf``, ``matern32`` or ``matern52``.
    lengths
        Candidate length scales, in units of the median distance between materials.
    noises
        Candidate shares of noise in the variance, for both stages.
    target_noises
        Those of the measured values, if they are others.
    linear
        Candidate variances of the kernel's linear part, beside the stationary one's 1: what
        grows with the size of a molecule needs it. 0 is none.
    cumulative
        Candidate length scales of the distance between compositions along Pettifor's scale
        of the elements; 0 leaves it out.
    scales
        ``prefix``: features are scaled by inputs of the first computed materials alone, anew
        in every replicate, so that no size of n sees what comes after it; ``shared``: by
        all materials that are computed only, once for all replicates, which saves time.
        Landmarks, and pairs beyond the exact rows, have shared ones.
    leave_out
        Where computed values of test materials are excluded, leave a training material's own
        computed value out of what predicts it: else it is predicted too well, and what is
        learnt from its residual is not true of test materials.
    averaged
        Average the hyper-parameters of the measured values' process by their evidence; else
        the likeliest are taken, and few values change their mind from one size to the next.
    bends
        Weigh models in which measured values bend against computed ones (a piecewise straight
        line) beside those in which they do not.
    held_out
        Where whole groups are tested, weigh models by how well they foresee groups from the
        others, beside their evidence.
    rho_observations
        Strength of the prior "measured = computed + constant", as a number of
        measurements of materials one standard deviation apart.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kernel: KernelName = "laplacian"
    lengths: Annotated[tuple[_Positive, ...], MinLen(1)] = (0.5, 1.0, 2.0, 4.0)
    noises: Annotated[tuple[_Share, ...], MinLen(1)] = (0.003, 0.02, 0.1, 0.3, 0.6, 1.0)
    target_noises: Annotated[tuple[_Share, ...], MinLen(1)] | None = None
    linear: Annotated[tuple[Annotated[float, Ge(0)], ...], MinLen(1)] = (0.0, 1.0, 10.0)
    cumulative: Annotated[tuple[Annotated[float, Ge(0)], ...], MinLen(1)] = (0.0, 0.25, 0.5, 1.0)
    scales: Literal["prefix", "shared"] = "prefix"
    leave_out: bool = True
    averaged: bool = True
    bends: bool = True
    held_out: bool = True
    rho_observations: _Positive = 5.0


class GPOptions(ProcessOptions):
    """Options of ``learner.name = "gp"``, beside those of :class:`ProcessOptions`.

    Parameters
    ----------
    method
        ``exact``; ``pairs``, exact too, where materials have two sides; ``low-rank``; or
        ``auto``: exact up to ``max_rows``, beyond it the first of the others that applies.
    max_rows
        Most source materials for the exact method. Each process needs about 12 bytes times
        their square (2.7 GB for 15,000), and time grows as their cube.
    rank
        Landmarks of the low-rank method. Memory is about 40 bytes times their square; time
        for n rows grows as n times their square.
    exact_rows
        Sizes of n up to this are solved as in the exact method whatever the method. By
        default 8,000 for pairs, which are exact beyond it too, and ``rank`` for landmarks:
        were it more, the curve would step up where fewer landmarks than rows take over.
    """

    method: Literal["auto", "exact", "pairs", "low-rank"] = "auto"
    max_rows: Annotated[int, Gt(0)] = 15_000
    rank: Annotated[int, Gt(1)] = 3_000
    exact_rows: Annotated[int, Gt(0)] | None = None

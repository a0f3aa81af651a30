"""Forms of error against (n, m), relative to the corner of the largest n and m.

With x = (n / n_last)^(-alpha) and y = (m / m_last)^(-beta):

- ``product``: (A·n^(-alpha) + B)·m^(-beta) + epsilon, the joint law of transfer;
- ``separate``: A·n^(-alpha) + B·m^(-beta) + epsilon, each kind of data with a floor of its own;
- ``effective``: D·(m + k·n^gamma)^(-beta) + epsilon, computed data worth some measured ones.

Each has two exponents and two shares of the error at the corner; all four are unbounded
once logarithms of the exponents and logits of the shares are taken.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from forescale.laws.arrays import Floats

JOINT_FORMS = ("product", "separate", "effective")
# prior centers and spreads of (ln alpha or ln gamma, ln beta, logit of the share that n
# cannot remove or has earned, logit of epsilon's share)
CENTER = np.array([np.log(0.5), np.log(0.4), 0.0, -1.0, 0.0])
SPREAD = np.array([0.9, 0.8, 2.0, 1.5, 2.0])
LOW = np.array([np.log(0.005), np.log(0.005), -10.0, -10.0, -10.0])
HIGH = np.array([np.log(4.0), np.log(4.0), 10.0, 10.0, 10.0])


def relative_error(form: str, theta: Floats, log_n: Floats, log_m: Floats) -> Floats:
    """Error relative to the corner, shape (S, K).

    Parameters
    ----------
    form
        One of `JOINT_FORMS`.
    theta
        Unbounded parameters, shape (S, 4).
    log_n, log_m
        ln(n / n_last) and ln(m / m_last), shape (K,).
    """
    bounded = np.clip(theta, LOW, HIGH)
    first, second = np.exp(bounded[:, :1]), np.exp(bounded[:, 1:2])
    share, floor = expit(bounded[:, 2:3]), expit(bounded[:, 3:4])
    if form == "product":
        rest = ((1 - share) * np.exp(-first * log_n) + share) * np.exp(-second * log_m)
    elif form == "separate":
        rest = (1 - share) * np.exp(-first * log_n) + share * np.exp(-second * log_m)
    else:
        left = expit(bounded[:, 4:5])
        worth = 1 / ((1 - left) * np.exp(-first * log_n) + left)
        rest = (share * np.exp(log_m) + (1 - share) * worth) ** -second
    relative: Floats = (1 - floor) * rest + floor
    return relative


def log_prior(theta: Floats) -> Floats:
    """Log prior density of unbounded parameters, shape (S,)."""
    square = np.sum(((theta - CENTER) / SPREAD) ** 2, axis=1)
    density: Floats = -0.5 * square - np.sum(np.log(SPREAD * np.sqrt(2 * np.pi)))
    return density

"""Orders by name.

A package announces an order in its ``pyproject.toml``::

    [project.entry-points."forescale.orders"]
    greedy = "my_package.orders:Greedy"

A loop file may also name one directly, as ``module:Class``; see ``docs/trust.md``.
"""

from __future__ import annotations

from typing import Any, cast

from forescale._machine.plugins import PluginKind, build, lacks_of_class
from forescale.growth.orders.contract import Order


def _lacks(found: Any) -> str:
    lacks = lacks_of_class(found, {"scores": 2})
    if not lacks and not isinstance(getattr(found, "needs_targets", None), bool):
        lacks = "it does not say whether it needs_targets"
    return lacks and f"{lacks} (see forescale.growth.orders.Order)"


ORDERS = PluginKind(
    what="order",
    key="arm.order",
    group="forescale.orders",
    own={
        "random": "forescale.growth.orders.at_random:RandomOrder",
        "diverse": "forescale.growth.orders.distance:DiverseOrder",
        "near": "forescale.growth.orders.distance:NearOrder",
        "uncertain": "forescale.growth.orders.process:UncertainOrder",
        "informative": "forescale.growth.orders.process:InformativeOrder",
    },
    lacks=_lacks,
)


def order_names() -> tuple[str, ...]:
    """Names of our own orders, then of those that installed packages announce."""
    return ORDERS.names()


def get_order(name: str) -> Order:
    """The order of that name.

    Raises
    ------
    ConfigError
        If there is none, or what is found is no order.

    Examples
    --------
    >>> get_order("informative").needs_targets
    True
    """
    return cast(Order, build(ORDERS.key, ORDERS.find(name), {}))

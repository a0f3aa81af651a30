"""Orders: in which sequence the materials of a pool are computed.

One order a file, each a small class; :func:`get_order` finds them, installed packages may announce
others under the entry-point group ``forescale.orders``.
"""

from forescale.growth.orders.contract import Order, Pool, Scores
from forescale.growth.orders.greedy import choose
from forescale.growth.orders.registry import get_order, order_names

__all__ = ["Order", "Pool", "Scores", "choose", "get_order", "order_names"]

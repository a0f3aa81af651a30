"""The screens: one module each, with a ``router``."""

from forescale.app import structures
from forescale.app.screens import (
    campaign,
    compare,
    data,
    home,
    loop,
    new_study,
    plan,
    predict,
    results,
    running,
)

HOME = home.router
"""The one screen that needs no libraries."""
ROUTERS = (
    HOME,
    new_study.router,
    running.router,
    campaign.router,
    loop.router,
    results.router,
    plan.router,
    predict.router,
    compare.router,
    data.router,
    structures.router,
)
"""Every screen of the app, in the order in which addresses are matched."""

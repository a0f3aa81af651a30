"""The network and its two training programs, each compiled once for many models at once.

Every array of a model carries a leading axis of models, over which ``jax.vmap`` runs: all
replicates of a cell train together. How many values there are, how many steps to take and
how large they are enter as run-time numbers, so that one program serves a whole curve.
Needs JAX and optax (extra ``nn``); only :mod:`forescale.learners.mlp.learner` imports this.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array

Params = list[tuple[Array, Array]]
Numbers = Any
"""An array of JAX, or one of NumPy on its way there."""
Tables = tuple[Array, ...]
"""Components of the distinct sides of each block, shapes (sides, components)."""

CHECK = 50
"""Steps between two looks at the held-out values."""
_WARM_UP = 50


class Rows(NamedTuple):
    """Rows of one model, padded to a common length; only the first ``count`` are used.

    Attributes
    ----------
    sides
        Side of each block, shape (length, blocks).
    values
        Standardised values of each task, shape (length, tasks); the first is the property.
    weights
        Weight of each value; 0 where a task has none. Same shape.
    size
        How many rows there are, shape ().
    """

    sides: Numbers
    values: Numbers
    weights: Numbers
    size: Numbers


class Recipe(NamedTuple):
    """Run-time numbers of the training of one model."""

    rate: Numbers  # largest step size
    hidden: Numbers  # 1: all layers learn; 0: the last one alone
    pull: Numbers  # strength of the pull towards the first weights
    dropout: Numbers
    decay: Numbers


class Held(NamedTuple):
    """What pre-training comes to: weights, loss on held-out values, all numbers finite."""

    params: Params
    loss: Array
    finite: Array


class Tuned(NamedTuple):
    """What fine-tuning comes to: weights, loss on its own values before and after."""

    params: Params
    before: Array
    after: Array


def initial(key: Array, widths: tuple[int, ...]) -> Params:
    """Random weights of a network with these widths, inputs and outputs included."""
    params = []
    last = len(widths) - 2
    for place, (fan_in, fan_out) in enumerate(pairwise(widths)):
        key, own = jax.random.split(key)
        size = jnp.sqrt((0.1 if place == last else 2.0) / fan_in)
        weights = size * jax.random.normal(own, (fan_in, fan_out), jnp.float32)
        params.append((weights, jnp.zeros(fan_out, jnp.float32)))
    return params


def forward(
    params: Params, tables: Tables, sides: Numbers, key: Array | None, dropout: Numbers
) -> Array:
    """Outputs of every task, shape (rows, tasks); with a key, dropout is on."""
    x = jnp.concatenate([table[sides[:, b]] for b, table in enumerate(tables)], axis=1)
    for weights, bias in params[:-1]:
        x = jax.nn.silu(x @ weights + bias)
        if key is not None:
            key, own = jax.random.split(key)
            keep = jax.random.uniform(own, x.shape) >= dropout
            x = jnp.where(keep, x / (1.0 - dropout), 0.0)
    weights, bias = params[-1]
    return x @ weights + bias


def _loss(
    params: Params, tables: Tables, rows: Rows, chosen: Array, key: Array | None, recipe: Recipe
) -> Array:
    found = forward(params, tables, rows.sides[chosen], key, recipe.dropout)
    weights = rows.weights[chosen]
    square = weights * (found - rows.values[chosen]) ** 2
    return jnp.sum(square) / jnp.maximum(jnp.sum(weights[:, 0]), 1.0)


def _stepper(
    tables: Tables,
    rows: Rows,
    recipe: Recipe,
    first: Params,
    steps: Numbers,
    batch: int,
    drop: bool,
) -> tuple[Callable[[Array], Any], Callable[[Any, Array], Any]]:
    """Adam with decoupled weight decay on random batches: its first state, and one step."""
    adam = optax.scale_by_adam()

    def objective(params: Params, chosen: Array, key: Array | None) -> Array:
        apart = jax.tree.map(lambda now, then: jnp.sum((now - then) ** 2), params, first)
        far = jnp.sum(jnp.stack(jax.tree.leaves(apart)))
        loss: Array = _loss(params, tables, rows, chosen, key, recipe) + recipe.pull * far
        return loss

    def step(state: Any, place: Array) -> Any:
        params, moments, key = state
        key, draw, own = jax.random.split(key, 3)
        chosen = jax.random.randint(draw, (batch,), 0, rows.size)
        slope = jax.grad(objective)(params, chosen, own if drop else None)
        change, moments = adam.update(slope, moments)
        left = jnp.maximum(1.0 - place / steps, 0.0)  # the last look may lie beyond the steps
        rate = recipe.rate * jnp.minimum(1.0, (place + 1.0) / _WARM_UP) * left
        moved = []
        for layer, (layer_now, layer_change) in enumerate(zip(params, change, strict=True)):
            share = rate * (1.0 if layer == len(params) - 1 else recipe.hidden)
            (weights, bias), (d_weights, d_bias) = layer_now, layer_change
            moved.append(
                (weights - share * (d_weights + recipe.decay * weights), bias - share * d_bias)
            )
        return moved, moments, key

    def begin(key: Array) -> Any:
        return first, adam.init(first), key

    return begin, step


def _pretrain_one(
    first: Params,
    rows: Rows,
    held: Rows,
    recipe: Recipe,
    key: Array,
    tables: Tables,
    steps: Numbers,
    patience: Numbers,
    batch: int,
    drop: bool,
) -> Held:
    begin, step = _stepper(tables, rows, recipe, first, steps, batch, drop)
    inside = (jnp.arange(len(held.values)) < held.size).astype(jnp.float32)
    counted = held._replace(weights=held.weights * inside[:, None])

    def look(state: Any) -> Any:
        training, best, best_loss, waited, place = state
        places = place + jnp.arange(CHECK)
        training, _ = jax.lax.scan(lambda s, p: (step(s, p), None), training, places)
        everything = jnp.arange(len(held.values))
        loss = _loss(training[0], tables, counted, everything, None, recipe)
        # After its patience a model is as good as stopped, whatever the others do.
        better = (loss < best_loss) & (waited < patience)
        best = jax.tree.map(lambda new, old: jnp.where(better, new, old), training[0], best)
        waited = jnp.where(better, 0, waited + 1)
        return training, best, jnp.where(better, loss, best_loss), waited, place + CHECK

    far = jnp.asarray(jnp.inf, jnp.float32)
    state = (begin(key), first, far, jnp.asarray(0), jnp.asarray(0))
    training, best, loss, _, _ = jax.lax.while_loop(lambda s: s[4] < steps, look, state)
    return Held(best, loss, _finite(training[0]))


def _tune_one(
    base: Params,
    rows: Rows,
    recipe: Recipe,
    key: Array,
    tables: Tables,
    steps: Numbers,
    batch: int,
    drop: bool,
) -> Tuned:
    inside = (jnp.arange(len(rows.values)) < rows.size).astype(jnp.float32)
    counted = rows._replace(weights=rows.weights * inside[:, None])
    everything = jnp.arange(len(rows.values))
    # A constant between computed and measured values needs no steps.
    miss = (rows.values - forward(base, tables, rows.sides, None, 0.0)) * counted.weights
    offset = jnp.sum(miss, axis=0) / jnp.maximum(jnp.sum(counted.weights, axis=0), 1.0)
    weights, bias = base[-1]
    first = [*base[:-1], (weights, bias + offset)]
    begin, step = _stepper(tables, rows, recipe, first, steps, batch, drop)
    state = begin(key)
    params, _, _ = jax.lax.fori_loop(0, steps, lambda place, s: step(s, place), state)
    before = _loss(first, tables, counted, everything, None, recipe)
    return Tuned(params, before, _loss(params, tables, counted, everything, None, recipe))


def _finite(params: Params) -> Array:
    leaves = [jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(params)]
    return jnp.all(jnp.stack(leaves))


@jax.jit
def keys(seeds: Numbers, members: Numbers) -> Array:
    """What each model draws by, shape (models,)."""
    return jax.vmap(lambda seed, member: jax.random.fold_in(jax.random.key(seed), member))(
        seeds, members
    )


@jax.jit
def folded(keys: Array, code: Numbers) -> Array:
    """What each model draws by in one cell."""
    return jax.vmap(lambda key: jax.random.fold_in(key, code))(keys)


@partial(jax.jit, static_argnames="widths")
def start(keys: Array, widths: tuple[int, ...]) -> Params:
    """Random weights of many networks."""
    return jax.vmap(lambda key: initial(key, widths))(keys)


@partial(jax.jit, static_argnames=("batch", "drop"))
def pretrain(
    first: Params,
    rows: Rows,
    held: Rows,
    recipe: Recipe,
    keys: Array,
    tables: Tables,
    steps: Numbers,
    patience: Numbers,
    *,
    batch: int,
    drop: bool,
) -> Held:
    """Train many models, each to where its held-out values are predicted best."""
    one = partial(_pretrain_one, batch=batch, drop=drop)
    axes = (0, 0, 0, 0, 0, None, None, None)
    return jax.vmap(one, in_axes=axes)(first, rows, held, recipe, keys, tables, steps, patience)


@partial(jax.jit, static_argnames=("batch", "drop"))
def tune(
    base: Params,
    rows: Rows,
    recipe: Recipe,
    keys: Array,
    tables: Tables,
    steps: Numbers,
    *,
    batch: int,
    drop: bool,
) -> Tuned:
    """Train many models further on few values, for a given number of steps."""
    one = partial(_tune_one, batch=batch, drop=drop)
    axes = (0, 0, 0, 0, None, None)
    return jax.vmap(one, in_axes=axes)(base, rows, recipe, keys, tables, steps)


@jax.jit
def predict(params: Params, tables: Tables, sides: Numbers) -> Array:
    """Standardised predictions of the property, shape (models, rows)."""

    def one(params: Params, sides: Numbers) -> Array:
        return forward(params, tables, sides, None, 0.0)[:, 0]

    return jax.vmap(one)(params, sides)

"""The neural learner: all replicates together against one model after another; densities.

    FORESCALE_MIRROR=… python benchmarks/neural.py speed [--replicates 20] [--sizes 12]
    FORESCALE_MIRROR=… python benchmarks/neural.py density [--replicates 20]

Prints the tables of docs/neural.md. The comparison of speed runs the same study (same
networks, values, numbers of steps, batches of the same sizes) in two ways: our learner, and a
plain loop over models and steps with Adam written out, once with NumPy and once with JAX
compiled step by step, as one would write it for one model. Of the loop a share of the steps of
each model is timed and scaled; it neither looks at held-out values nor draws dropout
masks, which flatters it.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import _kit
import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from forescale.learners import Grid
from forescale.learners.mlp.learner import MLPLearner, PreparedMLP
from forescale.learners.mlp.options import MLPOptions
from forescale.splits import Split, learner_seed
from forescale.study import Design, Study, load_data
from forescale.study.sections import LearnerSpec

Array = NDArray[Any]
STUDY = _kit.EXAMPLES / "comparison" / "polymer-density-mlp.toml"


def cells(grid: Grid, options: MLPOptions) -> list[tuple[str, int, int, int, int]]:
    """Side, values, steps, batch and width of every training of one replicate."""
    found: list[tuple[str, int, int, int, int]] = []

    def pretraining(side: str, size: int, width: int) -> None:
        steps = max(options.min_steps, round(options.epochs * size / options.batch))
        found.append((side, size, -(-steps // 50) * 50, options.batch, width))

    def tuning(size: int, width: int) -> None:
        steps = max(1, round(options.fine_tune_epochs * size / options.fine_tune_batch))
        found.append(("target", size, steps, options.fine_tune_batch, width))

    last = int(grid.n_source[-1])
    for n, width in [*((int(n), options.width) for n in grid.n_source), (last, options.width // 2)]:
        pretraining("source", n, width)
        for m in grid.n_target:
            tuning(int(m), width)
    for m in grid.n_target:
        pretraining("target", int(m), options.width)
    for _ in range(4):  # folds for the standard deviation at the last cell
        tuning(int(grid.n_target[-1]), options.width)
    return found


def weights(inputs: int, width: int, layers: int, rng: np.random.Generator) -> list[Array]:
    """Weights and biases before training."""
    widths = [inputs, *[width] * layers, 1]
    found = []
    for fan_in, fan_out in itertools.pairwise(widths):
        found.append(rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)).astype(np.float32))
        found.append(np.zeros(fan_out, np.float32))
    return found


@dataclass(frozen=True)
class Training:
    """What one network learns, and how: rows of ``table`` and their scaled values."""

    table: Array
    rows: Array
    values: Array
    batch: int
    width: int
    layers: int


def numpy_loop(one: Training, rng: np.random.Generator, steps: int) -> None:
    """One network, step after step: forward, backward and Adam as a plain program has them."""
    batch, layers = one.batch, one.layers
    params = weights(one.table.shape[1], one.width, layers, rng)
    first = [np.zeros_like(p) for p in params]
    second = [np.zeros_like(p) for p in params]
    for step in range(1, steps + 1):
        chosen = rng.integers(0, len(one.rows), batch)
        x, y = one.table[one.rows[chosen]], one.values[chosen]
        inputs, gates = [], []
        for layer in range(layers):
            inputs.append(x)
            z = x @ params[2 * layer] + params[2 * layer + 1]
            gate = 1 / (1 + np.exp(-z))
            x = z * gate
            gates.append(gate + x * (1 - gate))
        inputs.append(x)
        miss = x @ params[-2] + params[-1] - y[:, None]
        back = 2 * miss / batch
        slopes: list[Array] = []
        for layer in range(layers, -1, -1):
            slopes[:0] = [inputs[layer].T @ back, back.sum(axis=0)]
            if layer:
                back = (back @ params[2 * layer].T) * gates[layer - 1]
        for k, slope in enumerate(slopes):
            first[k] = 0.9 * first[k] + 0.1 * slope
            second[k] = 0.999 * second[k] + 0.001 * slope**2
            size = np.sqrt(second[k] / (1 - 0.999**step)) + 1e-8
            params[k] = params[k] - 1e-3 * (first[k] / (1 - 0.9**step) / size + 0.01 * params[k])


ADAM = optax.adamw(1e-3, weight_decay=0.01)


@jax.jit
def _jax_step(params: Any, moments: Any, x: Any, y: Any) -> Any:
    def loss(params: Any) -> Any:
        hidden = x
        for layer in range(len(params) // 2 - 1):
            hidden = jax.nn.silu(hidden @ params[2 * layer] + params[2 * layer + 1])
        return jnp.mean((hidden @ params[-2] + params[-1] - y[:, None]) ** 2)

    change, moments = ADAM.update(jax.grad(loss)(params), moments, params)
    return optax.apply_updates(params, change), moments


def jax_loop(one: Training, rng: np.random.Generator, steps: int) -> None:
    """One network, one compiled call a step."""
    params = weights(one.table.shape[1], one.width, one.layers, rng)
    moments = ADAM.init(params)
    for _ in range(steps):
        chosen = rng.integers(0, len(one.rows), one.batch)
        x, y = one.table[one.rows[chosen]], one.values[chosen]
        params, moments = _jax_step(params, moments, x, y)
    jax.block_until_ready(params)  # type: ignore[no-untyped-call]


def matmul_rate(size: int = 1500) -> float:
    """Floating-point operations a second of the machine's own matrix product, single precision."""
    a = jnp.ones((size, size), jnp.float32)
    product = jax.jit(lambda a: a @ a)
    product(a).block_until_ready()
    seconds = min(_timed(lambda: product(a).block_until_ready()) for _ in range(5))
    return 2 * size**3 / seconds


def _timed(call: Callable[[], object]) -> float:
    with _kit.Clock() as clock:
        call()
    return clock.wall


def speed(study: Study, share: float) -> None:
    """Print seconds of all replicates together and of one network after another."""
    data = load_data(study, workers=2)
    design, replicates = Design.of(study, data), study.replicates
    grid, options = design.grid, MLPOptions.model_validate(study.learner.options)
    splits = list(design.splits)
    seeds = [learner_seed(study.seed, r) for r in range(replicates)]
    prepared = MLPLearner(options).prepare(data.arrays(), Path())
    trainings = cells(grid, options)
    inputs = prepared.arrays.blocks[0].values.shape[1]
    work = 0.0
    for _, _, steps, batch, width in trainings:
        multiplied = inputs * width + (options.layers - 1) * width**2 + width
        work += 6 * multiplied * batch * steps * replicates

    rate = matmul_rate()
    # The same programs with next to no steps: what compiling (or reading the cache) takes.
    short = options.model_copy(
        update={"epochs": 1e-3, "min_steps": 1, "fine_tune_epochs": 1e-3, "patience": 1}
    )
    idle = replace(prepared, arrays=replace(prepared.arrays, options=short))
    compiling = _timed(lambda: list(idle.predict_many(splits, grid, seeds)))
    together = _timed(lambda: list(prepared.predict_many(splits, grid, seeds)))
    rate = max(rate, matmul_rate())
    print()
    title = f"{replicates} replicates, {len(grid.n_source)} n × {len(grid.n_target)} m"
    table = _kit.Table(title, "s", "ratio", "GFLOP/s")
    table.row("together", f"{together:.0f}", 1, f"{work / together / 1e9:.0f}")
    table.row("compiling, once", f"{compiling:.0f}", "", "")
    loops: dict[str, Loop] = {"NumPy": numpy_loop, "JAX, a call a step": jax_loop}
    for name, loop in loops.items():
        seconds = replicates * one_by_one(loop, prepared, splits[0], trainings, share)
        table.row(
            f"one after another, {name}", f"{seconds:.0f} (from {share:.0%} of its steps)",
            f"{seconds / together:.1f}", f"{work / seconds / 1e9:.0f}",
        )  # fmt: skip
    table.row("the machine's own matrix product", "", "", f"{rate / 1e9:.0f}")


Loop = Callable[[Training, np.random.Generator, int], None]


def one_by_one(
    loop: Loop,
    prepared: PreparedMLP,
    split: Split,
    trainings: Sequence[tuple[str, int, int, int, int]],
    share: float,
) -> float:
    """Seconds of one replicate's trainings, one after another, from a share of their steps."""
    rng, arrays, seconds = np.random.default_rng(0), prepared.arrays, 0.0
    block = arrays.blocks[0]
    for side, size, steps, batch, width in trainings:
        computed = side == "source"
        rows = (split.source if computed else split.train)[:size]
        own = (arrays.source_values if computed else arrays.target_values)[rows]
        scaled = ((own - own.mean()) / own.std()).astype(np.float32)
        places = (block.source if computed else block.target)[rows]
        one = Training(block.values, places, scaled, batch, width, arrays.options.layers)
        loop(one, rng, 3)  # compiled before the clock
        timed = max(10, round(share * steps))
        seconds += _timed(partial(loop, one, rng, timed)) / timed * steps
    return seconds


def density(study: Study, policies: Sequence[str]) -> None:
    """Print errors and laws under each policy."""
    with TemporaryDirectory() as folder:
        for policy in policies:
            finished = _kit.ran(_kit.varied(study, overlap=policy), Path(folder) / policy, 2)
            print(f"\n### overlap = {policy}\n")
            _kit.grid_table(finished.folder.errors(), half=finished.folder.half_capacity_errors())
            print()
            _kit.law_table(finished.laws.laws)


def main(argv: Sequence[str] | None = None) -> None:
    """Do one part, or both."""
    parser = _kit.parser(__doc__)
    parser.add_argument("what", choices=["speed", "density", "both"])
    parser.add_argument("--replicates", type=int, default=20)
    parser.add_argument("--sizes", type=int, default=12, help="numbers of computed values")
    parser.add_argument("--share", type=float, default=0.05)
    arguments = _kit.parse(parser, argv, smoke={"what": "both", "share": 1e-3})
    study = _kit.study(STUDY, arguments, replicates=arguments.replicates)
    if arguments.smoke:
        quick = {"epochs": 0.5, "min_steps": 2, "fine_tune_epochs": 0.5, "patience": 1}
        options = study.learner.options | quick | {"width": 8, "ensemble": 1}
        study = study.model_copy(update={"learner": LearnerSpec(name="mlp", **options)})
    if arguments.what != "density":
        speed(spaced(study, arguments), arguments.share)
    if arguments.what != "speed":
        density(study, ("exclude",) if arguments.smoke else ("exclude", "allow"))


def spaced(study: Study, arguments: argparse.Namespace) -> Study:
    """The study with so many sizes of n."""
    sizes = study.grid.n_source
    if isinstance(sizes, tuple):  # shrunk
        return study
    changed = sizes.model_copy(update={"count": arguments.sizes})
    return study.model_copy(update={"grid": study.grid.model_copy(update={"n_source": changed})})


if __name__ == "__main__":
    main()

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
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import jax
import jax.numpy as jnp
import numpy as np
import optax

from forescale.learners import Grid
from forescale.learners.mlp import MLPLearner, MLPOptions
from forescale.splits import learner_seed
from forescale.study import RunFolder, load_data, load_study, run_replicates
from forescale.workflow import conclude

STUDY = Path(__file__).parents[1] / "examples" / "comparison" / "polymer-density-mlp.toml"


def cells(grid: Grid, options: MLPOptions) -> list[tuple[str, int, int, int, int]]:
    """Side, values, steps, batch and width of every training of one replicate."""
    found = []

    def pretraining(side, size, width):
        steps = max(options.min_steps, round(options.epochs * size / options.batch))
        found.append((side, size, -(-steps // 50) * 50, options.batch, width))

    def tuning(size, width):
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


def weights(inputs: int, width: int, layers: int, rng) -> list[np.ndarray]:
    widths = [inputs, *[width] * layers, 1]
    found = []
    for fan_in, fan_out in itertools.pairwise(widths):
        found.append(rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)).astype(np.float32))
        found.append(np.zeros(fan_out, np.float32))
    return found


def numpy_loop(table, rows, values, steps, batch, width, layers, rng) -> None:
    """One network, step after step: forward, backward and Adam as a plain program has them."""
    params = weights(table.shape[1], width, layers, rng)
    first = [np.zeros_like(p) for p in params]
    second = [np.zeros_like(p) for p in params]
    for step in range(1, steps + 1):
        chosen = rng.integers(0, len(rows), batch)
        x, y = table[rows[chosen]], values[chosen]
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
        slopes = []
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
def _jax_step(params, moments, x, y):
    def loss(params):
        hidden = x
        for layer in range(len(params) // 2 - 1):
            hidden = jax.nn.silu(hidden @ params[2 * layer] + params[2 * layer + 1])
        return jnp.mean((hidden @ params[-2] + params[-1] - y[:, None]) ** 2)

    change, moments = ADAM.update(jax.grad(loss)(params), moments, params)
    return optax.apply_updates(params, change), moments


def jax_loop(table, rows, values, steps, batch, width, layers, rng) -> None:
    """One network, one compiled call a step."""
    params = weights(table.shape[1], width, layers, rng)
    moments = ADAM.init(params)
    for _ in range(steps):
        chosen = rng.integers(0, len(rows), batch)
        params, moments = _jax_step(params, moments, table[rows[chosen]], values[chosen])
    jax.block_until_ready(params)


def matmul_rate(size: int = 1500) -> float:
    """Floating-point operations a second of the machine's own matrix product, single precision."""
    a = jnp.ones((size, size), jnp.float32)
    product = jax.jit(lambda a: a @ a)
    product(a).block_until_ready()
    seconds = min(_timed(lambda: product(a).block_until_ready()) for _ in range(5))
    return 2 * size**3 / seconds


def _timed(call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def speed(replicates: int, sizes: int, share: float) -> None:
    study = load_study(STUDY).model_copy(update={"replicates": replicates})
    spaced = study.grid.n_source.model_copy(update={"count": sizes})
    grid = study.grid.model_copy(update={"n_source": spaced})
    study = study.model_copy(update={"grid": grid})
    data = load_data(study, workers=2)
    grid, options = data.grid(study), MLPOptions(**study.learner.options)
    splits = [data.split(study, r) for r in range(replicates)]
    seeds = [learner_seed(study.seed, r) for r in range(replicates)]
    prepared = MLPLearner(options).prepare(data.arrays(), Path())
    (block,) = prepared.blocks
    trainings = cells(grid, options)
    inputs = block.values.shape[1]
    work = 0.0
    for _, _, steps, batch, width in trainings:
        multiplied = inputs * width + (options.layers - 1) * width**2 + width
        work += 6 * multiplied * batch * steps * replicates

    rate = matmul_rate()
    # The same programs with next to no steps: what compiling (or reading the cache) takes.
    short = options.model_copy(
        update={"epochs": 1e-3, "min_steps": 1, "fine_tune_epochs": 1e-3, "patience": 1}
    )
    idle = replace(prepared, options=short)
    compiling = _timed(lambda: list(idle.predict_many(splits, grid, seeds)))
    together = _timed(lambda: list(prepared.predict_many(splits, grid, seeds)))
    rate = max(rate, matmul_rate())
    print(f"\n| {replicates} replicates, {len(grid.n_source)} n × {len(grid.n_target)} m | "
          "s | ratio | GFLOP/s |\n| --- | --- | --- | --- |")  # fmt: skip
    print(f"| together | {together:.0f} | 1 | {work / together / 1e9:.0f} |")
    print(f"| compiling, once | {compiling:.0f} | | |")
    rng = np.random.default_rng(0)
    values = {"source": prepared.source_values, "target": prepared.target_values}
    for name, loop in (("NumPy", numpy_loop), ("JAX, a call a step", jax_loop)):
        seconds = 0.0
        for side, size, steps, batch, width in trainings:
            rows = (splits[0].source if side == "source" else splits[0].train)[:size]
            own = values[side][rows]
            scaled = ((own - own.mean()) / own.std()).astype(np.float32)
            places = getattr(block, side)[rows]
            timed = max(10, round(share * steps))
            arguments = (block.values, places, scaled)
            loop(*arguments, 3, batch, width, options.layers, rng)  # compiled before the clock
            once = _timed(
                lambda a=arguments, k=timed, b=batch, w=width, f=loop: f(
                    *a, k, b, w, options.layers, rng
                )
            )
            seconds += once / timed * steps * replicates
        print(f"| one after another, {name} | {seconds:.0f} (from {share:.0%} of its steps) | "
              f"{seconds / together:.1f} | {work / seconds / 1e9:.0f} |")  # fmt: skip
    print(f"| the machine's own matrix product | | | {rate / 1e9:.0f} |")


def density(replicates: int) -> None:
    study = load_study(STUDY).model_copy(update={"replicates": replicates})
    with TemporaryDirectory() as folder:
        for policy in ("exclude", "allow"):
            evaluation = study.evaluation.model_copy(update={"overlap": policy})
            wanted = study.model_copy(update={"evaluation": evaluation})
            data = load_data(wanted, workers=2)
            run = RunFolder.open(Path(folder) / policy, wanted, data)
            run_replicates(wanted, data, run)
            finished = conclude(run)
            means = finished.summary[finished.summary["metric"] == "rmse"]
            print(f"\n### overlap = {policy}\n")
            print(means.pivot(index="n_source", columns="n_target", values="mean").round(4))
            for law in finished.laws:
                if law.metric == "rmse":
                    a, c = law.decay_rate, law.transfer_gap
                    print(
                        f"| {law.n_target} | {a.estimate:.2f} [{a.low:.2f}, {a.high:.2f}] "
                        f"| {c.estimate:.3f} [{c.low:.3f}, {c.high:.3f}] | {law.r_squared:.3f} "
                        f"| {law.half_capacity_change:+.1%} | {', '.join(law.flags)} |"
                    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["speed", "density"])
    parser.add_argument("--replicates", type=int, default=20)
    parser.add_argument("--sizes", type=int, default=12, help="numbers of computed values")
    parser.add_argument("--share", type=float, default=0.05)
    arguments = parser.parse_args()
    if arguments.what == "speed":
        speed(arguments.replicates, arguments.sizes, arguments.share)
    else:
        density(arguments.replicates)


if __name__ == "__main__":
    main()

"""``forescale fit``: a law for any table of learning-curve points."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from forescale.laws import Law


def fit(
    table: Annotated[Path, typer.Argument(help="CSV or Parquet file, one row per point.")],
    curve: Annotated[str | None, typer.Option(help="Column that names the curve.")] = None,
    n: Annotated[str, typer.Option(help="Column of sizes.")] = "n",
    error: Annotated[str, typer.Option(help="Column of errors, lower is better.")] = "error",
    replicate: Annotated[str | None, typer.Option(help="Column that names the replicate.")] = None,
    se: Annotated[str | None, typer.Option(help="Column of standard errors.")] = None,
    m: Annotated[str | None, typer.Option(help="Column of numbers of measured values.")] = None,
    at: Annotated[str, typer.Option(help="Sizes to forecast at: N,N,…")] = "",
    level: Annotated[float, typer.Option(help="Level of the intervals.")] = 0.9,
    seed: Annotated[int, typer.Option(help="Seed of the draws.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Fit a scaling law E(n) = D·n^(-alpha) + C to every curve of a table."""
    import json
    import sys

    from forescale.laws import fit_joint_table, fit_table

    frame = read_table(table)
    columns: dict[str, Any] = {
        "curve": curve, "n": n, "error": error, "replicate": replicate, "se": se
    }  # fmt: skip
    options: dict[str, Any] = {"level": level, "seed": seed}
    laws = fit_table(frame, m=m, at=parse_sizes(at), **columns, **options)
    joint = fit_joint_table(frame, m=m, **columns, **options) if m is not None else {}
    out = sys.stderr if as_json else sys.stdout
    for name, law in laws.items():
        print("\n".join(law_lines(name, law)), file=out)
    for name, surface in joint.items():
        forms = ", ".join(f"{form} {share:.0%}" for form, share in surface.forms.items())
        print(f"{name} against n and m\n  forms             {forms}", file=out)
    if as_json:
        answer: dict[str, Any] = {"curves": {name: law.to_json() for name, law in laws.items()}}
        if joint:
            answer["joint"] = {name: law.to_json() for name, law in joint.items()}
        print(json.dumps(answer, allow_nan=False))  # noqa: T201


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV or Parquet table; refuse what is neither, by name."""
    import pandas as pd

    from forescale.errors import DataError

    if not path.is_file():
        raise DataError(f"no file {path}")
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            return pd.read_parquet(path)
        return pd.read_csv(path)
    except (ValueError, OSError) as reason:
        raise DataError(f"{path} is neither a CSV nor a Parquet table: {reason}") from None


def parse_sizes(text: str) -> list[float]:
    """Parse ``"100,200,1e4"``; refuse what is not a size."""
    from forescale.errors import ConfigError

    try:
        sizes = [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise ConfigError(f"--at takes sizes separated by commas, got {text!r}") from None
    if any(not 0 < size < float("inf") for size in sizes):
        raise ConfigError(f"--at takes sizes above zero, got {text!r}")
    return sizes


def law_lines(name: str, law: Law) -> list[str]:
    """Return a law as lines for the terminal."""
    rows = [
        ("decay rate alpha", law.decay_rate),
        ("scale D", law.scale),
        ("transfer gap C", law.transfer_gap),
    ]
    lines = [name]
    for label, q in rows:
        lines.append(f"  {label:<17} {q.estimate:.4g} ({q.low:.4g} to {q.high:.4g})")
    from forescale.laws import FLAG_MEANINGS
    from forescale.laws.law import default_sizes

    forecast = law.predict(law.at or default_sizes(law.curve))
    for row in forecast.to_json():
        lines.append(
            f"  at n = {row['n_source']:<10.6g} {row['median']:.4g}"
            f" ({row['low']:.4g} to {row['high']:.4g})"
        )
    lines += [f"  {flag}: {FLAG_MEANINGS[flag]}" for flag in law.flags]
    return lines

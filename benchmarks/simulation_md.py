"""The md engine against densities of the literature: presets, back ends, replicas, times.

    python benchmarks/simulation_md.py density FOLDER      # quick, 10 polymers: hours on one core
    python benchmarks/simulation_md.py replicas FOLDER     # quick, 2 polymers, seeds 1 and 2
    python benchmarks/simulation_md.py larger FOLDER       # 2.5 times as long chains, 2 polymers
    python benchmarks/simulation_md.py slower FOLDER       # equilibrated 4 times as long
    python benchmarks/simulation_md.py lammps FOLDER       # quick with LAMMPS, 2 fs, 2 polymers
    python benchmarks/simulation_md.py report FOLDER       # tables of all that is there
    python benchmarks/simulation_md.py measured RESULTS    # a campaign against measured densities

Every part is a campaign in FOLDER: stop it at any time, the same command goes on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import _kit
import numpy as np
import pandas as pd

from forescale.catalog import load_dataset
from forescale.materials import Polymer
from forescale.metrics import Floats, rmse
from forescale.simulation import Campaign, protocols, run_campaign
from forescale.simulation.store import Store

LITERATURE = {
    "polyethylene": ("*CC*", 0.855),
    "polypropylene, atactic": ("*CC(*)C", 0.866),
    "polyisobutylene": ("*CC(*)(C)C", 0.915),
    "polystyrene": ("*CC(*)c1ccccc1", 1.05),
    "poly(methyl methacrylate)": ("*CC(*)(C)C(=O)OC", 1.18),
    "poly(vinyl chloride)": ("*CC(*)Cl", 1.39),
    "poly(vinyl acetate)": ("*CC(*)OC(C)=O", 1.19),
    "poly(ethylene oxide)": ("*CCO*", 1.125),
    "poly(ethylene terephthalate)": ("*OCCOC(=O)c1ccc(cc1)C(*)=O", 1.335),
    "bisphenol A polycarbonate": ("*Oc1ccc(cc1)C(C)(C)c1ccc(cc1)OC(*)=O", 1.20),
}
"""Density of the amorphous polymer at about 298 K, g/cm³, as commonly tabulated (usual sources:
Polymer Handbook; Mark, Physical Properties of Polymers Handbook, doi 10.1007/978-0-387-69002-5)."""
TWO = ("polystyrene", "poly(methyl methacrylate)")
SHORT: dict[str, Any] = {
    "atoms": 150, "chains": 2, "cutoff": 6.0, "packing": 1.0, "melt": 0.2, "cooling": 2000.0,
    "hot": 500.0, "block": 0.2, "blocks": 3, "drift": 0.9, "piece": 0.4,
}  # fmt: skip
"""A protocol that runs in seconds; its numbers mean nothing."""
QUICK = {"atoms": 1000, "chains": 4, "scale": 0.03, "backend": "openmm", "time_step": 4.0}
"""Settings of the preset that parts change."""
PARTS: dict[str, tuple[tuple[str, ...], tuple[int, ...], dict[str, Any]]] = {
    "density": (tuple(LITERATURE), (0,), {}),
    "replicas": (TWO, (1, 2), {}),
    "larger": (TWO, (0,), {"atoms": 2500, "chains": 4}),
    "slower": (TWO, (0,), {"scale": 0.12}),
    "lammps": (TWO, (0,), {"backend": "lammps", "time_step": 2.0}),
    "smoke": (("poly(ethylene oxide)",), (0,), SHORT),
}
"""Part: polymers, seeds, and what differs from the preset ``quick``."""


def compute(part: str, folder: Path) -> None:
    """Run the campaigns of a part, or what is missing of them."""
    names, seeds, changes = PARTS[part]
    folder.mkdir(parents=True, exist_ok=True)
    listed = folder / f"{part}.csv"
    listed.write_text("\n".join(["smiles", *(LITERATURE[name][0] for name in names)]) + "\n")
    for seed in seeds:
        campaign = Campaign.model_validate(
            {
                "name": part,
                "kind": "polymer",
                "results": folder / "results",
                "materials": [{"file": listed}],
                "engine": {"name": "md", "seed": seed, "protocol": changes},
                "limits": {"time": 86400, "memory": 8},
            }
        )
        run_campaign(campaign, observe=lambda status: print(status, flush=True))


def read(folder: Path) -> pd.DataFrame:
    """All attempts of all parts, with what differs from the preset and the literature's value."""
    known = {Polymer.parse(unit).key: (name, rho) for name, (unit, rho) in LITERATURE.items()}
    frames = []
    for header in protocols(folder / "results").values():
        frame = Store(folder / "results", header).attempts().drop_duplicates("key", keep="last")
        part = next(
            part
            for part, (_, seeds, changes) in PARTS.items()
            if header.seed in seeds
            and all(header.settings[key] == changes.get(key, QUICK[key]) for key in QUICK)
        )
        frames.append(frame.assign(part=part, seed0=header.seed))
    table = pd.concat(frames, ignore_index=True)
    table["polymer"] = [known[key][0] for key in table["key"]]
    table["literature"] = [known[key][1] for key in table["key"]]
    return table


def summary(computed: Floats, literature: Floats) -> str:
    """RMSE, bias, scatter about the bias, correlation."""
    error = computed - literature
    r = np.corrcoef(computed, literature)[0, 1] if len(error) > 2 else float("nan")
    return (
        f"n {len(error)}, RMSE {rmse(computed, literature):.3f}, bias {error.mean():+.3f}, "
        f"relative bias {np.mean(error / literature):+.1%}, scatter {error.std():.3f}, r {r:.3f}"
    )


def report(folder: Path) -> None:
    """Print the tables."""
    table = read(folder)
    printed = _kit.Table(
        "part",
        "seed",
        "polymer",
        "literature",
        "density",
        "error",
        "α, 1e-4/K",
        "Cp",
        "n",
        "ps",
        "s",
    )
    for row in table.sort_values(["part", "polymer", "seed0"]).itertuples():
        length = re.search(r"([\d.]+) ps", str(row.notes))
        cells = [row.part, row.seed0, row.polymer, row.literature]
        if row.status == "done":
            cells += [
                f"{row.density:.3f}", f"{row.density_error:.3f}",
                f"{row.thermal_expansion * 1e4:.1f}", f"{row.heat_capacity:.0f}",
                f"{row.refractive_index:.3f}", length[1] if length else "", f"{row.wall_s:.0f}",
            ]  # fmt: skip
        else:
            cells += [row.reason, *[""] * 6]
        printed.row(*cells)
    done = table[table["status"] == "done"]
    print(f"\n{len(done)} of {len(table)} done")
    for part, rows in done.groupby("part"):
        print(part, summary(rows["density"].to_numpy(), rows["literature"].to_numpy()))
    noise = done[done["part"].isin(["density", "replicas"])].groupby("polymer")["density"]
    for polymer, values in noise:
        if len(values) > 1:
            print(f"replicas of {polymer}: {len(values)}, sd {values.std():.4f} g/cm³")


def against_measured(results: Path) -> None:
    """Densities of a campaign, and published ones of the same polymers, against measured ones."""
    known = {
        name: dict(zip(table.keys, table.values, strict=True))
        for name in ("polymer-density-measured", "radonpy-pi1070", "polymer-density-md")
        for table in [load_dataset(name, "density")]
    }
    measured = known.pop("polymer-density-measured")
    ((label, header),) = protocols(results).items()
    attempts = Store(results, header).attempts()
    print(f"{label}: attempts {attempts['status'].value_counts().to_dict()}")
    for reason, count in (
        attempts["reason"].str.replace(r"[-+\d.]+", "…", regex=True).value_counts().items()
    ):
        if reason:
            print(f"   {count} × {reason[:110]}")
    seconds = attempts["wall_s"]
    print(
        f"seconds a job: median {seconds.median():.0f}, {seconds.min():.0f} to {seconds.max():.0f}"
    )
    last = attempts.drop_duplicates("key", keep="last")
    done = last[last["status"] == "done"].set_index("key")
    ours = done["density"].to_dict()
    print(f"{len(done)} of {len(last)} polymers have a density")
    shared = [key for key in ours if key in measured]
    rho = np.array([measured[key] for key in shared])
    print("quick:", summary(np.array([ours[key] for key in shared]), rho))
    for name, values in known.items():
        common = [key for key in shared if key in values]
        rho = np.array([measured[key] for key in common])
        print(f"{name}, polymers of both:")
        print("   quick:", summary(np.array([ours[key] for key in common]), rho))
        print("   theirs:", summary(np.array([values[key] for key in common]), rho))


def main(argv: Sequence[str] | None = None) -> None:
    """Do one part."""
    parser = _kit.parser(__doc__)
    parser.add_argument("part", choices=[*PARTS, "report", "measured"])
    parser.add_argument("folder", type=Path)
    options = _kit.parse(parser, argv, smoke={"part": "report", "folder": Path("md")})
    if options.smoke:
        compute("smoke", options.folder)
    if options.part == "report":
        report(options.folder)
    elif options.part == "measured":
        against_measured(options.folder)
    else:
        compute(options.part, options.folder)


if __name__ == "__main__":
    main()

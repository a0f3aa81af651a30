"""The cosmo engine against measurements: activity coefficients at infinite dilution, and chi.

    FORESCALE_MIRROR=… python benchmarks/cosmo.py activity FOLDER [--theory bp86/def2-svp]
    FORESCALE_MIRROR=… python benchmarks/cosmo.py chi FOLDER [--theory bp86/def2-svp] [--limit N]
    FORESCALE_MIRROR=… python benchmarks/cosmo.py report FOLDER

Campaigns in FOLDER: stop them at any time, the same command goes on. Measured ln γ at infinite
dilution come from measured solvation free energies ΔG of the solute i in the solvent j (1 mol/L to
1 mol/L), vapour pressures and liquid volumes,

    ln γ = ΔG/RT − ln(P_i V_j / RT),

with DIPPR correlations from the tables of ``chemicals``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import _kit
import numpy as np
import pandas as pd
from chemicals import vapor_pressure, volume
from chemicals.dippr import EQ101, EQ105
from chemicals.identifiers import CAS_from_any

from forescale.catalog import load_dataset
from forescale.materials.pair import sides_of
from forescale.simulation import Campaign, protocols, run_campaign
from forescale.simulation.store import Store

MOLECULES = {
    "O": "water",
    "CO": "methanol",
    "CCO": "ethanol",
    "CCCO": "1-propanol",
    "CC(C)O": "2-propanol",
    "CCCCO": "1-butanol",
    "CC(C)=O": "acetone",
    "CCC(C)=O": "2-butanone",
    "CCOC(C)=O": "ethyl acetate",
    "C1CCOC1": "tetrahydrofuran",
    "C1COCCO1": "1,4-dioxane",
    "CCOCC": "diethyl ether",
    "ClCCl": "dichloromethane",
    "ClC(Cl)Cl": "chloroform",
    "ClC(Cl)(Cl)Cl": "carbon tetrachloride",
    "CC#N": "acetonitrile",
    "C[N+](=O)[O-]": "nitromethane",
    "CCCCC": "pentane",
    "CCCCCC": "hexane",
    "CCCCCCC": "heptane",
    "C1CCCCC1": "cyclohexane",
    "c1ccccc1": "benzene",
    "Cc1ccccc1": "toluene",
    "Clc1ccccc1": "chlorobenzene",
    "CCN(CC)CC": "triethylamine",
    "CS(C)=O": "dimethyl sulfoxide",
    "CN(C)C=O": "N,N-dimethylformamide",
}
THEORIES = ("hf/6-31g*", "bp86/def2-svp")
ROOM, GAS = 298.15, 8.31446261815324
KCAL = 4184.0
WATER = 1.807e-5
"""Molar volume of water, which the table of densities leaves to other equations, m³/mol."""


def liquids() -> dict[str, tuple[float, float]]:
    """Vapour pressure (Pa) and molar volume (m³/mol) at room temperature by SMILES."""
    found: dict[str, tuple[float, float]] = {}
    for smiles, name in MOLECULES.items():
        cas = CAS_from_any(name)
        pressure = vapor_pressure.Psat_data_Perrys2_8.loc[cas]
        saturated = EQ101(  # type: ignore[no-untyped-call]
            ROOM, *[pressure[f"C{k}"] for k in range(1, 6)]
        )
        if smiles == "O":
            found[smiles] = saturated, WATER
            continue
        density = volume.rho_data_Perry_8E_105_l.loc[cas]
        dense = EQ105(ROOM, *[density[f"C{k}"] for k in range(1, 5)])  # type: ignore[no-untyped-call]
        found[smiles] = saturated, 1.0 / dense
    return found


def measured_activities() -> pd.Series:
    """ln γ at infinite dilution by pair's key at room temperature."""
    known, rows = liquids(), {}
    table = load_dataset("solvation-measured", "solvation_free_energy")
    for key, energy in zip(table.keys, table.values, strict=True):
        solute, solvent, _ = sides_of(key)
        if solute in known and solvent in known and solute != solvent:
            ideal = known[solute][0] * known[solvent][1] / (GAS * ROOM)
            rows[f"{solute} in {solvent} at {ROOM} K"] = energy * KCAL / (GAS * ROOM) - np.log(
                ideal
            )
    return pd.Series(rows)


def measured_chi() -> pd.Series:
    """Measured chi by key."""
    table = load_dataset("chi-measured", "chi")
    return pd.Series(table.values, index=list(table.keys))


def compute(
    part: str, pairs: pd.Series, folder: Path, theory: str, limit: int | None, workers: int
) -> None:
    """Run the campaign, or what is missing of it."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = folder / f"{part}.csv"
    listed.write_text("\n".join(["pair", *pairs.index]) + "\n")
    quantity = {"activity": "ln_gamma", "chi": "chi"}[part]
    campaign = Campaign.model_validate(
        {
            "name": part,
            "kind": "pair",
            "results": folder / "results",
            "materials": [{"file": listed, "column": "pair", "limit": limit}],
            "engine": {"name": "cosmo", "protocol": {"quantity": quantity, "theory": theory}},
            "workers": workers,
            "limits": {"time": 14400, "memory": 6},
        }
    )
    run_campaign(campaign, observe=lambda status: print(status, flush=True))


def computed(folder: Path, quantity: str, theory: str) -> pd.DataFrame:
    """Results of one protocol by key; empty if there are none."""
    for header in protocols(folder / "results").values():
        settings = header.settings
        if (settings["quantity"], settings["theory"]) == (quantity, theory):
            last = Store(folder / "results", header).attempts().drop_duplicates("key", keep="last")
            print(f"{quantity}, {theory}: {last['status'].value_counts().to_dict()}")
            for reason in last.loc[last["status"] != "done", "reason"].unique():
                print("   ", reason)
            return last[last["status"] == "done"].set_index("key")
    return pd.DataFrame()


def compared(table: _kit.Table, name: str, values: pd.Series, reference: pd.Series) -> None:
    """One line of a table."""
    keys = values.index.intersection(reference.index)
    x, y = values[keys].to_numpy(float), reference[keys].to_numpy(float)
    error = x - y
    ranks = pd.Series(x).corr(pd.Series(y), method="spearman")
    table.row(
        name, len(x), f"{np.sqrt(np.mean(error**2)):.2f}", f"{np.abs(error).mean():.2f}",
        f"{error.mean():+.2f}", f"{error.std():.2f}", f"{np.corrcoef(x, y)[0, 1]:.3f}",
        f"{ranks:.3f}",
    )  # fmt: skip


HEADS = ("", "n", "RMSE", "MAE", "bias", "sd", "r", "rank r")


def report(folder: Path) -> None:
    """Print the tables."""
    activity, chi = measured_activities(), measured_chi()
    cosmo_rs = load_dataset("chi-cosmo-rs", "chi")
    published = pd.Series(cosmo_rs.values, index=list(cosmo_rs.keys))
    found = {theory: computed(folder, "ln_gamma", theory) for theory in THEORIES}
    print("\nln γ at infinite dilution\n")
    table = _kit.Table(*HEADS)
    for theory, frame in found.items():
        if len(frame):
            aqueous = frame.index.str.contains(" in O at") | frame.index.str.startswith("O in")
            compared(table, theory, frame["ln_gamma"], activity)
            compared(table, f"{theory}, without water", frame.loc[~aqueous, "ln_gamma"], activity)
            compared(table, f"{theory}, with water", frame.loc[aqueous, "ln_gamma"], activity)
    found = {theory: computed(folder, "chi", theory) for theory in THEORIES}
    shared = None
    print("\nchi\n")
    table = _kit.Table(*HEADS)
    for theory, frame in found.items():
        if len(frame):
            compared(table, theory, frame["chi"], chi)
            for part in ("chi_residual", "chi_combinatorial", "chi_enthalpic"):
                compared(table, f"{theory}, {part[4:]} part", frame[part], chi)
            compared(table, f"{theory}, against COSMO-RS", frame["chi"], published)
            compared(table, "published COSMO-RS, same pairs", published.loc[
                published.index.intersection(frame.index)], chi)  # fmt: skip
            shared = frame.index if shared is None else shared.intersection(frame.index)
    if all(len(frame) for frame in found.values()):
        for theory, frame in found.items():
            compared(table, f"{theory}, pairs of both levels", frame.loc[shared, "chi"], chi)
        first, second = (frame.loc[shared, "chi"] for frame in found.values())
        compared(table, "first level against second", first, second)


def main(argv: Sequence[str] | None = None) -> None:
    """Do one part."""
    parser = _kit.parser(__doc__)
    parser.add_argument("part", choices=["activity", "chi", "report"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--theory", choices=THEORIES, default=THEORIES[0])
    parser.add_argument("--limit", type=int)
    parser.add_argument("--workers", type=int, default=1)
    told = _kit.parse(parser, argv, smoke={"part": "report", "folder": Path("cosmo")})
    if told.smoke:  # small molecules in each other: seconds of quantum chemistry
        small = pd.Series({"O in CO at 298.15 K": 0.0, "CO in O at 298.15 K": 0.0})
        compute("activity", small, told.folder, told.theory, told.limit, told.workers)
    if told.part == "report":
        report(told.folder)
        return
    pairs = measured_activities() if told.part == "activity" else measured_chi()
    compute(told.part, pairs, told.folder, told.theory, told.limit, told.workers)


if __name__ == "__main__":
    main()

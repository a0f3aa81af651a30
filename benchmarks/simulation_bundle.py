"""Make a bundled table and its card from the results of its campaign.

    forescale simulate examples/campaigns/refractive-index.toml
    python benchmarks/simulation_bundle.py xtb-refractive-index RESULTS OUTPUT_FOLDER

likewise ``polymer-density-quick`` (polymer-density-md.toml) and ``chi-cosmo`` (chi-cosmo.toml).
Several results folders may be given, joined by commas: the first one's rows come first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import _kit
import pandas as pd

from forescale.simulation import Campaign, campaign_table, run_campaign
from forescale.simulation.runner import header_of
from forescale.simulation.sources import list_materials
from forescale.simulation.store import Store
from forescale.tables import PropertyTable, Provenance

CAMPAIGNS = _kit.EXAMPLES / "campaigns"
LICENCE = "BSD-3-Clause"


@dataclass(frozen=True)
class Bundle:
    """What a bundled table is, beside what its campaign says."""

    campaign: str
    property: str
    description: str
    value: str
    materials: str
    references: dict[str, str]
    columns: tuple[str, ...] = ()
    remarks: str = ""
    order: str = "random, by a fixed seed: the leading n rows are a random subset"


BUNDLES = {
    "xtb-refractive-index": Bundle(
        campaign="refractive-index.toml",
        property="refractive_index",
        description="Refractive index of liquids at 293 K and electronic properties of molecules, "
        "computed with GFN2-xTB and D4 on one force-field conformer",
        value="refractive index by Lorentz–Lorenz: D4 static polarisability, liquid volume from "
        "vdw_volume, vdw_area and polar hydrogens (engines/optics.py); no unit",
        columns=("polarizability", "vdw_volume", "vdw_area", "dipole", "homo", "lumo", "energy"),
        materials="identifier tables of the chemicals package: single, neutral, closed-shell "
        "molecules of H C N O F Si P S Cl Br I with at most 24 heavy atoms; none favoured or "
        "avoided because a measured value exists",
        references={
            "GFN2-xTB": "10.1021/acs.jctc.8b01176",
            "D4": "10.1063/1.5090222",
            "ETKDGv3": "10.1021/acs.jcim.0c00025",
        },
        remarks="refractive_index was recomputed after the campaign from the stored columns, with "
        "a volume model whose coefficients are fitted to densities and whose form was chosen with "
        "measured indices in view",
    ),
    "polymer-density-quick": Bundle(
        campaign="polymer-density-md.toml",
        property="density",
        description="Density of amorphous polymers at 300 K by molecular dynamics, cells of 1,000 "
        "atoms for 0.1 ns (preset quick of the md engine)",
        value="density, g/cm^3; several per cent too low, see docs/simulation-md.md",
        columns=(
            "density_error",
            "radius_of_gyration",
            "thermal_expansion",
            "heat_capacity",
            "refractive_index",
        ),
        materials="repeat units of the table of measured densities polymer-density-measured: the "
        "first 72 in random order (57 have a density), and seven well-known polymers",
        order="random, by a fixed seed; the well-known polymers last",
        references={
            "GAFF2_mod, RadonPy": "10.1038/s41524-022-00906-4",
            "21 steps": "10.1021/ma200345v",
            "D4": "10.1063/1.5090222",
        },
    ),
    "chi-cosmo": Bundle(
        campaign="chi-cosmo.toml",
        property="chi",
        description="Flory–Huggins chi of polymer–solvent pairs by COSMO-SAC on sigma surfaces of "
        "HF/6-31G*",
        value="chi at equal volumes: chi_residual + chi_combinatorial; no unit",
        columns=("chi_residual", "chi_combinatorial", "chi_enthalpic"),
        materials="pairs and temperatures of the table of measured chi, chi-measured; frequent "
        "polymers and solvents were computed first, cellulose derivatives and the largest "
        "polyester (too long) and some rare solvents not at all",
        references={
            "COSMO": "10.1039/P29930000799",
            "COSMO-SAC": "10.1016/j.fluid.2010.06.011",
            "PySCF": "10.1063/5.0006074",
        },
        order="random, by a fixed seed, of the pairs that were computed",
    ),
}


def main(argv: Sequence[str] | None = None) -> None:
    """Write ``NAME.parquet`` and ``NAME.json``."""
    parser = _kit.parser(__doc__)
    parser.add_argument("name", choices=BUNDLES)
    parser.add_argument("results", help="folders, joined by commas")
    parser.add_argument("output", type=Path)
    quick = {"name": "xtb-refractive-index", "results": "campaign", "output": Path("bundle")}
    told = _kit.parse(parser, argv, smoke=quick)
    campaign = Campaign.from_toml(CAMPAIGNS / BUNDLES[told.name].campaign)
    if told.smoke:
        campaign = _few(campaign, Path(told.results))
    write(told.name, campaign, [Path(part) for part in told.results.split(",")], told.output)


def _few(campaign: Campaign, results: Path) -> Campaign:
    """The campaign of two molecules, run."""
    listed = Path("molecules.csv")
    listed.write_text("smiles\nO\nC\n")
    materials = [type(campaign.materials[0])(file=listed)]
    changes = {"materials": materials, "results": results, "folder": Path(), "workers": 1}
    campaign = campaign.model_copy(update=changes)
    run_campaign(campaign)
    return campaign


def write(name: str, campaign: Campaign, results: list[Path], output: Path) -> None:
    """Write the table and its card."""
    bundle = BUNDLES[name]
    tables, attempts = zip(*(_read(folder, bundle, campaign) for folder in results), strict=True)
    whole = pd.concat(attempts, ignore_index=True).drop_duplicates("key", keep="first")
    frame = pd.concat([table.frame for table in tables], ignore_index=True)
    frame = frame.drop_duplicates("key", keep="first").reset_index(drop=True)
    record = replace(tables[0].provenance[0], dataset=name, licence=LICENCE)
    output.mkdir(parents=True, exist_ok=True)
    path = output / f"{name}.parquet"
    replace(tables[0], frame=frame, provenance=(record,)).to_parquet(path)
    card = _card(name, bundle, whole, tables[0], record, header_of(campaign).units)
    card["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n")
    _kit.table(("attempts", "number"), card["counts"].items())


def _read(results: Path, bundle: Bundle, campaign: Campaign) -> tuple[PropertyTable, pd.DataFrame]:
    """The table of one results folder in the campaign's order, and all its attempts."""
    header = header_of(campaign)
    table = campaign_table(results, bundle.property, header.label)
    attempts = Store(results, header).attempts().drop_duplicates("key", keep="last")
    values = attempts[attempts["status"] == "done"].set_index("key")
    order = pd.Index(list_materials(campaign).keys)
    order = order[order.isin(table.keys)]
    values = values.loc[order]
    frame = table.frame.set_index("key").loc[order, ["material", "value", "repeats", "scatter"]]
    frame = frame.assign(**{column: values[column] for column in bundle.columns})
    frame = frame.assign(converged=values["converged"].astype(bool))
    frame = frame.astype(dict.fromkeys(["value", "scatter", *bundle.columns], "float32"))
    frame = frame.astype({"repeats": "int8"}).reset_index()
    return replace(table, frame=frame), attempts


def _card(
    name: str,
    bundle: Bundle,
    attempts: pd.DataFrame,
    table: PropertyTable,
    record: Provenance,
    units: Mapping[str, str],
) -> dict[str, Any]:
    done = attempts[attempts["status"] == "done"]
    reasons = attempts.loc[attempts["status"] != "done", "reason"]
    # What a message says of one material is not part of its reason.
    short = reasons.str.replace(r"'\*?[^' ]*':? ?", "", regex=True)
    short = short.str.replace(r"[-+]?\d[\d.]*%?", "…", regex=True).value_counts()
    return {
        "name": name,
        "description": bundle.description,
        "kind": table.kind,
        "material_kind": table.material_kind,
        "property": bundle.property,
        "columns": {
            "key": "canonical key of the material",
            "value": bundle.value,
            "converged": "whether every iterative step of the calculation converged",
            **{column: units[column] or "no unit" for column in bundle.columns},
        },
        "order": bundle.order,
        "materials": bundle.materials,
        "method": json.loads(record.method),
        **({"remarks": bundle.remarks} if bundle.remarks else {}),
        "versions": record.version,
        "references": bundle.references,
        "counts": {
            "tried": len(attempts),
            "done": len(done),
            "not converged": int((~done["converged"].astype(bool)).sum()),
            "failed or not supported": {str(k): int(v) for k, v in short.items()},
        },
        "wall_seconds": round(float(attempts["wall_s"].sum())),
        "campaign": f"examples/campaigns/{bundle.campaign}",
        "licence": LICENCE,
    }


if __name__ == "__main__":
    main()

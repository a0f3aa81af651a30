"""Make the bundled table and its card from the results of the refractive-index campaign.

forescale simulate examples/campaigns/refractive-index.toml
python benchmarks/simulation_bundle.py RESULTS OUTPUT_FOLDER
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd

from forescale.simulation import Campaign, campaign_table, protocols
from forescale.simulation.sources import list_materials
from forescale.simulation.store import Store
from forescale.tables import Provenance

NAME = "xtb-refractive-index"
CAMPAIGN = Path(__file__).parents[1] / "examples" / "campaigns" / "refractive-index.toml"
COLUMNS = ["polarizability", "vdw_volume", "vdw_area", "dipole", "homo", "lumo", "energy"]
LICENCE = "BSD-3-Clause"


def main(results: Path, output: Path) -> None:
    """Write ``xtb-refractive-index.parquet`` and ``.json``."""
    ((label, header),) = protocols(results).items()
    table = campaign_table(results, "refractive_index", label)
    attempts = Store(results, header).attempts().drop_duplicates("key", keep="last")
    done = attempts[attempts["status"] == "done"]
    order = pd.Index(list_materials(Campaign.from_toml(CAMPAIGN)).keys)
    order = order[order.isin(table.keys)]
    values = done.set_index("key").loc[order]
    frame = table.frame.set_index("key").loc[order, ["material", "value", "repeats", "scatter"]]
    frame = frame.assign(**{name: values[name] for name in COLUMNS})
    frame = frame.assign(converged=values["converged"].astype(bool))
    frame = frame.astype(dict.fromkeys(["value", "scatter", *COLUMNS], "float32"))
    frame = frame.astype({"repeats": "int8"}).reset_index()
    record = replace(table.provenance[0], dataset=NAME, licence=LICENCE)
    output.mkdir(parents=True, exist_ok=True)
    path = output / f"{NAME}.parquet"
    replace(table, frame=frame, provenance=(record,)).to_parquet(path)
    card = _card(attempts, header.units, record)
    card["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n")
    print(json.dumps(card["counts"], indent=2))


def _card(attempts: pd.DataFrame, units: dict[str, str], record: Provenance) -> dict[str, object]:
    done = attempts[attempts["status"] == "done"]
    reasons = attempts.loc[attempts["status"] != "done", "reason"]
    # What a message says of one molecule is not part of its reason.
    short = reasons.str.replace(r"^'[^']*':? ?", "", regex=True).value_counts()
    return {
        "name": NAME,
        "description": (
            "Refractive index of liquids at 293 K and electronic properties of "
            f"{len(done):,} molecules, computed with GFN2-xTB and D4 on one force-field conformer"
        ),
        "kind": "computed",
        "material_kind": "molecule",
        "property": "refractive_index",
        "columns": {
            "key": "canonical SMILES",
            "value": "refractive index by Lorentz–Lorenz: D4 static polarisability, liquid volume "
            "from vdw_volume, vdw_area and polar hydrogens (simulation/optics.py); no unit",
            "converged": "whether the force field reached its minimum",
            **{name: units[name] or "no unit" for name in COLUMNS},
        },
        "order": "random, by a fixed seed: the leading n rows are a random subset",
        "materials": (
            "identifier tables of the chemicals package: single, neutral, closed-shell molecules "
            "of H C N O F Si P S Cl Br I with at most 24 heavy atoms; none favoured or avoided "
            "because a measured value exists"
        ),
        "method": json.loads(record.method),
        "recomputed": (
            "refractive_index was recomputed after the campaign from the stored columns, with a "
            "volume model whose coefficients are fitted to densities and whose form was chosen "
            "with measured indices in view"
        ),
        "versions": record.version,
        "references": {
            "GFN2-xTB": "10.1021/acs.jctc.8b01176",
            "D4": "10.1063/1.5090222",
            "ETKDGv3": "10.1021/acs.jcim.0c00025",
        },
        "counts": {
            "asked for": len(attempts),
            "done": len(done),
            "not converged": int((~done["converged"].astype(bool)).sum()),
            "failed or not supported": {str(k): int(v) for k, v in short.items()},
        },
        "wall_seconds": round(float(attempts["wall_s"].sum())),
        "campaign": "examples/campaigns/refractive-index.toml",
        "licence": LICENCE,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

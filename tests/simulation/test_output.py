"""Tables of stored results."""

from __future__ import annotations

from pathlib import Path

import pytest

from forescale.simulation import campaign_table
from forescale.simulation.store import Header, Store


def test_keys_of_an_older_release_are_made_anew(tmp_path: Path) -> None:
    header = Header("replay", 0, {}, "molecule", {"gap": "eV"})
    store = Store(tmp_path, header)
    store.open()
    kept = {"attempt": 0, "status": "done", "reason": "", "notes": "", "converged": True}
    kept |= {"seed": 0, "wall_s": 1.0, "engine_version": "1"}
    old = {"C[S+](C)[O-]": 1.0, "CS(C)=O": 3.0, "CCO": 5.0, "CCO ethanol": 7.0}
    for key, gap in old.items():
        store.append({**kept, "key": key, "gap": gap})
    store.close()
    table = campaign_table(tmp_path, "gap")
    assert dict(zip(table.keys, table.values, strict=True)) == {"CS(C)=O": 2.0, "CCO": 5.0}
    assert table.frame.set_index("key")["repeats"].to_dict() == {"CS(C)=O": 2, "CCO": 1}
    assert table.rejected["row"].tolist() == [4]
    assert "white space" in table.rejected["reason"][0]
    assert table.frame["scatter"][0] == pytest.approx(2**0.5)

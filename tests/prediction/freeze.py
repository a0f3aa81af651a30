"""Make the folder ``frozen`` again: a tiny model of made-up values, and what it predicts.

    python tests/prediction/freeze.py

Only a new format of models is a reason to: the folder stands for those that users keep.
"""

import shutil
import tempfile
from pathlib import Path

from forescale.prediction import Predictor
from forescale.study import load_study
from forescale.workflow import run_study

HERE = Path(__file__).parent
STUDY = """
name = "frozen"
replicates = 2
[[source]]
file = "computed.csv"
kind = "molecule"
material = "smiles"
value = "v"
unit = "K"
[target]
file = "measured.csv"
kind = "molecule"
material = "smiles"
value = "v"
unit = "K"
[descriptor]
name = "morgan"
[learner]
lengths = [0.5, 1.0]
noises = [0.003, 0.1]
[grid]
n_source = [10, 20, 30]
n_target = [5, 10]
[evaluation]
overlap = "allow"
"""
ENDS = {"": 0.0, "O": 120.0, "Cl": 60.0, "N": 70.0}
KEYS = ["CCCCO", "CCCCCCCCCCN", "C1CCCCC1", "CC(C)CC#N", "CCO"]


def main() -> None:
    values = {"C" * n + end: 100 + 28 * n + extra for n in range(2, 12) for end, extra in
              ENDS.items()}  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = list(values.items())
        table = "".join(f"{smiles},{value}\n" for smiles, value in rows)
        (folder / "computed.csv").write_text("smiles,v\n" + table)
        few = rows[::2] + rows[1::8]
        table = "".join(
            f"{smiles},{1.1 * value + 5 * (-1) ** row}\n" for row, (smiles, value) in enumerate(few)
        )
        (folder / "measured.csv").write_text("smiles,v\n" + table)
        (folder / "study.toml").write_text(STUDY)
        run_study(load_study(folder / "study.toml"), folder / "run")
        shutil.rmtree(HERE / "frozen", ignore_errors=True)
        shutil.copytree(folder / "run" / "model", HERE / "frozen" / "model")
    predictions, _ = Predictor.load(HERE / "frozen" / "model").predict_keys(KEYS)
    predictions.insert(0, "key", KEYS)
    predictions.to_csv(HERE / "frozen" / "expected.csv", index=False)


if __name__ == "__main__":
    main()

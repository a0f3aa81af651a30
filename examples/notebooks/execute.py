"""Run notebooks from top to bottom and keep what they show; needs no Jupyter.

    python examples/notebooks/execute.py [--keep]

Each runs in a scratch folder. A cell that fails stops with its error. With ``--keep`` outputs
are written into the notebooks, as the documentation shows them.
"""

from __future__ import annotations

import argparse
import ast
import base64
import contextlib
import io
import json
import os
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def execute(notebook: dict[str, Any]) -> None:
    """Run all code cells in one namespace, and set their outputs."""
    names: dict[str, Any] = {"__name__": "__main__"}
    count = 0
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        count += 1
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            value = _run("".join(cell["source"]), names)
        outputs: list[dict[str, Any]] = []
        if printed.getvalue():
            text = printed.getvalue()
            outputs.append({"output_type": "stream", "name": "stdout", "text": text})
        if value is not None:
            data = {"output_type": "execute_result", "execution_count": count, "metadata": {}}
            outputs.append({**data, "data": _shown(value)})
        cell["outputs"], cell["execution_count"] = outputs, count


def _run(source: str, names: dict[str, Any]) -> Any:
    """Run a cell; the value of its last line, if that is an expression."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), names)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)


def _shown(value: Any) -> dict[str, str]:
    """Every way in which a value shows itself."""
    data = {"text/plain": repr(value)}
    for method, kind in (("_repr_html_", "text/html"), ("_repr_png_", "image/png")):
        if callable(show := getattr(value, method, None)) and (found := show()):
            data[kind] = base64.b64encode(found).decode() if isinstance(found, bytes) else found
    return data


def main() -> None:
    """Run every notebook of this folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", action="store_true", help="Write outputs into the notebooks.")
    keep = parser.parse_args().keep
    for path in sorted(HERE.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
            execute(notebook)
        if keep:
            path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", "utf-8")
        print(f"{path.name}: {len(notebook['cells'])} cells")


if __name__ == "__main__":
    os.environ.setdefault("MPLBACKEND", "Agg")
    main()

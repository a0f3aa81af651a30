"""Pages of the documentation from the notebooks in ``examples/notebooks``, with their outputs."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each notebook."""
    folder = Path(config.config_file_path).parent / "examples" / "notebooks"
    for path in sorted(folder.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        text = "\n\n".join(part for cell in notebook["cells"] for part in _parts(cell))
        note = f"*This page is the notebook `examples/notebooks/{path.name}`, as it ran.*"
        page = f"notebooks/{path.stem}.md"
        files.append(File.generated(config, page, content=f"{text}\n\n{note}\n"))
    return files


def _parts(cell: dict[str, Any]) -> list[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return [source]
    return [f"```python\n{source}\n```", *(_output(out) for out in cell.get("outputs", []))]


def _output(output: dict[str, Any]) -> str:
    data = output.get("data", {"text/plain": output.get("text", "")})
    if "image/png" in data:
        address = f"data:image/png;base64,{data['image/png'].strip()}"
        return f'<img alt="Figure" width="480" src="{address}">'
    if "text/html" in data:
        lines = (line.strip() for line in data["text/html"].splitlines())
        html = "".join(line for line in lines if line)
        return f"<div>{html}</div>"
    return f"<pre>{escape(data['text/plain'])}</pre>"

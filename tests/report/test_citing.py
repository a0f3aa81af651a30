"""What a paper needs of a run: references, LaTeX, a sentence."""

import json
import re

import pytest

from forescale.catalog import entry_names, get_entry
from forescale.catalog.bibtex import keys_in, references
from forescale.report.citing import METHOD, citing
from forescale.report.contents import Contents


@pytest.fixture
def found(finished):
    path, _, _, plan = finished
    return citing(Contents.read(path, plan))


def test_every_dataset_of_the_catalog_has_its_references():
    for name in entry_names():
        keys, unknown = keys_in(get_entry(name).citation)
        assert keys, name
        assert not unknown, (name, unknown)


def test_references_are_whole():
    assert set(METHOD) <= set(references())
    for key, text in references().items():
        assert text.count("{") == text.count("}"), key
        for field in ("author", "title"):
            assert re.search(rf"\b{field} = {{", text), (key, field)
        assert re.search(r"\b(doi|eprint|url) = {", text), key


def test_the_sentence_has_the_numbers_of_the_page(found):
    # E(1000, 40) = (1.5·1000^-0.4 + 0.2)·(1 + 40^-0.5)
    assert "n = 1000 computed and m = 40 measured values" in found.sentence
    assert "root mean squared error of 0.341 (" in found.sentence
    assert "against 1.04 g/cm³ without the former" in found.sentence.replace("\u00a0", " ")
    assert "mean over 4 replicates, 90 % interval" in found.sentence.replace("\u00a0", " ")


def test_tables_are_latex(found):
    assert found.latex.count(r"\begin{tabular}") == found.latex.count(r"\end{tabular}") == 2
    for line in found.latex.splitlines():
        if line.endswith(r"\\"):
            assert "%" not in line.replace(r"\%", "")
    assert not re.search(r"[^\x00-\x7f]", found.latex)


def test_tool_method_and_data_are_cited_and_what_has_no_reference_is_told(
    forescale, finished, tmp_path
):
    path = finished[0]
    code, out, err = forescale("cite", path, "--out", tmp_path, "--json")
    answer = json.loads(out)
    assert code == 0
    for key in ("@software{forescale,", "@article{minami2025,", "@misc{mikami2021,"):
        assert key in answer["bibtex"]
    for name in answer["missing"]:
        assert f"No reference is known of {name}" in err
    assert (tmp_path / "references.bib").read_text().strip() == answer["bibtex"].strip()
    code, out, _ = forescale("cite", path, "--part", "sentence")
    assert (code, out.strip()) == (0, answer["sentence"])

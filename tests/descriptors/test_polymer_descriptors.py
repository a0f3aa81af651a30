"""Descriptors of polymers do not depend on how the repeat unit is drawn, not even by its key.

The drawings go to the descriptor as they are: that the canonical key hides them is another
test's matter.
"""

import numpy as np
import pytest
from polymer_drawings import PLAIN, cuts, other_drawings, redraw, repeat, reverse

from forescale.catalog import load_dataset
from forescale.descriptors import featurize, get_descriptor
from forescale.errors import DataError
from forescale.materials import Polymer

TYPED = [name for name in PLAIN if "sil" not in name]
"""Silicon has no type in the force field."""


@pytest.fixture(params=["periodic", "force_field"])
def descriptor(request):
    if request.param == "force_field":
        pytest.importorskip("radonpy", reason="needs the extra polymer-ff")
    return get_descriptor(request.param, "polymer")


def assert_one_row(descriptor, drawings):
    rows = descriptor.rows(drawings)
    same = np.isclose(rows, rows[:1], rtol=2e-4, atol=2e-4, equal_nan=True)
    names = np.array([column.name for column in descriptor.columns])
    assert same.all(), [(d, names[~s]) for d, s in zip(drawings, same, strict=True) if not s.all()]


def values(descriptor, keys):
    names = [column.name for column in descriptor.columns]
    return dict(zip(names, descriptor.rows(keys).T, strict=True))


@pytest.mark.parametrize("name", TYPED[::9])
def test_no_way_of_drawing_changes_a_number(descriptor, name):
    drawings = [PLAIN[name], *other_drawings(PLAIN[name])[::2]]
    assert np.isfinite(descriptor.rows(drawings[:1])).all()
    assert_one_row(descriptor, drawings)


@pytest.mark.mirror
@pytest.mark.parametrize(("name", "number"), [("periodic", 60), ("force_field", 4)])
def test_real_polymers_however_drawn(name, number):
    if name == "force_field":
        pytest.importorskip("radonpy", reason="needs the extra polymer-ff")
    descriptor = get_descriptor(name, "polymer")
    keys = load_dataset("radonpy-pi1070", "density").keys
    for seed, key in enumerate(np.random.default_rng(3).choice(keys, number, replace=False)):
        plain = key.translate(str.maketrans("", "", "/\\"))
        drawings = [key, redraw(key, seed), reverse(key), repeat(plain, 2), *cuts(plain)[-1:]]
        assert_one_row(descriptor, drawings)


def test_the_periodic_unit_has_no_ends_and_is_per_mass():
    one = values(get_descriptor("periodic", "polymer"), ["*C*", "*CCO*", "*c1ccc(*)cc1"])
    assert one["mass_per_backbone_atom"][0] == pytest.approx(14.027)
    assert one["AtomCount"][0] == pytest.approx(300 / 14.027)
    assert one["fr_ether"][1] == pytest.approx(100 / 44.053)  # of every unit, not of every other
    assert one["fr_methoxy"][1] == 0
    assert (
        one["NumAromaticRings"][2] == one["RingCount"][2] == pytest.approx(100 / 76.098, rel=1e-4)
    )
    assert one["NumRotatableBonds"][2] == pytest.approx(100 / 76.098, rel=1e-4)


def test_a_conjugated_chain_without_single_bond_is_described():
    rows = get_descriptor("periodic", "polymer").rows(["*=C1C=CC(=*)C=C1"])
    assert np.isfinite(rows).all()


def test_silicon_is_refused_by_name_by_the_force_field(tmp_path):
    pytest.importorskip("radonpy", reason="needs the extra polymer-ff")
    descriptor = get_descriptor("force_field", "polymer")
    keys = [Polymer.parse(unit).key for unit in ("*CCO*", "*O[Si](C)(C)*", "*CC(C)*")]
    with pytest.raises(DataError, match=r"does not describe 1 of the 3 materials: \*O\[Si\]"):
        featurize(descriptor, keys, cache=tmp_path, show_progress=False)


def test_the_force_field_says_nothing_on_its_own(capfd):
    pytest.importorskip("radonpy", reason="needs the extra polymer-ff")
    get_descriptor("force_field", "polymer").rows(["*O[Si](C)(C)*"])
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def test_force_field_kernels_are_means(tmp_path):
    pytest.importorskip("radonpy", reason="needs the extra polymer-ff")
    rows = values(get_descriptor("force_field", "polymer"), ["*C*", "*C(F)(F)*"])
    # a third of polyethylene's atoms are carbon: kernel 1 at its own mass, and hydrogen's tail
    tail = np.exp(-(((12.011 - 1.008) / (126.904 - 1.008)) ** 2) / (2 * 0.05**2))
    assert rows["mass_C"][0] == pytest.approx(1 / 3 + 2 / 3 * tail, rel=1e-5)
    assert rows["mass_I"].max() < 1e-6

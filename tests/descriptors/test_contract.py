"""Descriptors keep the contract of :mod:`forescale.descriptors.testing`."""

import pytest

from forescale.descriptors import get_descriptor, names
from forescale.descriptors.testing import KEYS, DescriptorSuite
from forescale.errors import ConfigError


class TestDescriptors(DescriptorSuite):
    @pytest.fixture(params=["structure", "rdkit2d", "morgan"])
    def descriptor(self, request):
        return get_descriptor(request.param, "molecule")


class TestCompositionDescriptors(DescriptorSuite):
    @pytest.fixture(params=["element_properties", "element_fractions"])
    def descriptor(self, request):
        return get_descriptor(request.param, "composition")


class TestPeriodic(DescriptorSuite):
    @pytest.fixture
    def descriptor(self):
        return get_descriptor("periodic", "polymer")


class TestForceField(DescriptorSuite):
    @pytest.fixture
    def descriptor(self):
        pytest.importorskip("radonpy", reason="needs the extra polymer-ff")
        return get_descriptor("force_field", "polymer")

    @pytest.fixture
    def keys(self):
        return [key for key in KEYS["polymer"] if "Si" not in key]  # has no type


def test_the_default_is_named_after_the_material():
    assert get_descriptor("molecule", "molecule").name == "structure"
    assert get_descriptor("composition", "composition").name == "element_properties"
    assert get_descriptor("polymer", "polymer").name == "periodic"


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("ecfp", "molecule", r"got 'ecfp', expected one of structure"),
        ("polymer", "molecule", r"got 'polymer', which does not describe a molecule"),
        ("periodic", "molecule", r"does not describe a molecule"),
        ("structure", "composition", r"does not describe a composition"),
    ],
)
def test_a_descriptor_that_does_not_fit_is_refused(name, kind, message):
    with pytest.raises(ConfigError, match=message):
        get_descriptor(name, kind)


def test_names_are_what_study_files_may_say():
    own = {"default", "structure", "rdkit2d", "morgan", "periodic", "force_field"}
    own |= {"element_properties", "element_fractions"}
    assert set(names()) == own | {"composition", "molecule", "polymer"}

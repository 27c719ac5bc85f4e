"""Microarchitectures by a CPU's numbers: what a hypervisor hides of its features changes nothing."""

import pytest
from archspec.cpu import TARGETS

from hwprofile.probe.microarchitecture import microarchitecture
from hwprofile.probe.x86_models import MODELS

BARE = TARGETS["x86_64_v3"].features


def named(vendor, family, model, stepping=0, sets=BARE):
    return microarchitecture("x86_64", vendor=vendor, instruction_sets=sets, numbers=(family, model, stepping))


@pytest.mark.parametrize(
    ("vendor", "family", "model", "stepping", "name"),
    [
        ("AuthenticAMD", 23, 1, 2, "zen"),  # EPYC 7451
        ("AuthenticAMD", 23, 8, 2, "zen"),  # Ryzen 7 2700X
        ("AuthenticAMD", 23, 49, 0, "zen2"),  # EPYC 7742
        ("AuthenticAMD", 23, 113, 0, "zen2"),  # Ryzen 9 3900X
        ("AuthenticAMD", 25, 1, 1, "zen3"),  # EPYC 7763
        ("AuthenticAMD", 25, 33, 0, "zen3"),  # Ryzen 9 5950X
        ("AuthenticAMD", 25, 17, 1, "zen4"),  # EPYC 9654
        ("AuthenticAMD", 25, 97, 2, "zen4"),  # Ryzen 9 7950X
        ("AuthenticAMD", 25, 160, 2, "zen4"),  # EPYC 9754
        ("AuthenticAMD", 26, 2, 1, "zen5"),  # EPYC 9755
        ("AuthenticAMD", 26, 68, 0, "zen5"),  # Ryzen 9 9950X
        ("AuthenticAMD", 16, 8, 0, "k10"),  # Opteron 8439
        ("AuthenticAMD", 21, 1, 2, "bulldozer"),  # Opteron 6272
        ("GenuineIntel", 6, 45, 7, "sandybridge"),  # Xeon E5-2670
        ("GenuineIntel", 6, 63, 2, "haswell"),  # Xeon E5-2680 v3
        ("GenuineIntel", 6, 79, 1, "broadwell"),  # Xeon E5-2650L v4
        ("GenuineIntel", 6, 158, 10, "skylake"),  # Core i7-8700
        ("GenuineIntel", 6, 85, 4, "skylake_avx512"),  # Xeon Gold 6148
        ("GenuineIntel", 6, 85, 7, "cascadelake"),  # Xeon Gold 6230
        ("GenuineIntel", 6, 106, 6, "icelake"),  # Xeon Platinum 8380
        ("GenuineIntel", 6, 143, 8, "sapphirerapids"),  # Xeon Platinum 8488C
        ("GenuineIntel", 6, 151, 2, "alderlake"),  # Core i9-12900K
    ],
)
def test_features_that_are_hidden_change_nothing(vendor, family, model, stepping, name):
    """With only the features of x86-64-v3, as under a cautious hypervisor, each CPU keeps its name."""
    assert named(vendor, family, model, stepping) == name


@pytest.mark.parametrize(("family", "floor"), [(23, "zen"), (25, "zen3"), (26, "zen5")])
def test_a_model_newer_than_the_tables(family, floor):
    """It has its family's first name, or a later one that its features show."""
    assert named("AuthenticAMD", family, 0xFF) == floor
    assert named("AuthenticAMD", family, 0xFF, sets=TARGETS["zen5"].features) == "zen5"


def test_what_is_in_no_table():
    """Other vendors, families and models are named by their features, as before."""
    assert named("GenuineIntel", 6, 0x999, sets=TARGETS["haswell"].features) == "haswell"
    assert named("KVMKVMKVM", 25, 1) == "x86_64_v3"
    assert named(None, None, None) == "x86_64_v3"


def test_every_name_is_archspecs():
    """The tables use archspec's names, of the vendor in question."""
    for (vendor, _), models in MODELS.items():
        assert {TARGETS[name].vendor for name in models.values()} == {vendor}

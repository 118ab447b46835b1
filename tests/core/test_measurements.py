"""The catalogue of measurements reads well-formed documents and names what is wrong with others."""

from __future__ import annotations

from typing import Any

import pytest

from lingyin.core.errors import CatalogueError
from lingyin.core.measurements import load_measurements, parse_measurements
from lingyin.core.tree import Coding, load_tree

ENTRY = {"en": "a", "zh-Hans": "甲", "zh-Hant": "甲", "unit": "mm", "decimals": 1}


def parse(document: dict[str, Any]) -> dict[str, Any]:
    return dict(parse_measurements(document, load_tree()))


def test_a_measurement_knows_its_site_unit_convention_and_code() -> None:
    aorta = load_measurements()["abdominal_aorta_diameter"]
    assert aorta.site == "abdominal_aorta"
    assert (aorta.unit, aorta.decimals, aorta.convention) == ("mm", 1, "outer-to-outer")
    assert Coding("SCT", "397414006", "Vessel outside diameter") in aorta.coding


def test_options_may_be_left_out() -> None:
    (measured,) = parse({"liver": {"liver_length": ENTRY}}).values()
    assert (measured.site, measured.convention, measured.coding) == ("liver", None, ())


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"livers": {"x": ENTRY}}, r"\[livers\]: the tree has no such code"),
        ({"liver": {"spleen": ENTRY}}, r"'spleen' has the code of a node"),
        ({"liver": {"x": ENTRY}, "spleen": {"x": ENTRY}}, r"'x' stands twice: under 'liver' and under 'spleen'"),
        ({"liver": {"x": {**ENTRY, "unit": ""}}}, r"'x' has no unit"),
        ({"liver": {"x": {**ENTRY, "decimals": -1}}}, r"'x': decimals must be"),
        ({"liver": {"x": {**ENTRY, "decimals": "1"}}}, r"'x': decimals must be"),
        ({"liver": {"x": {**ENTRY, "abnormal": True}}}, r"'x' has the unknown keys abnormal"),
        ({"liver": {"x": {**ENTRY, "zh-Hant": ""}}}, r"'x' has no name in zh-Hant"),
        ({"liver": {"X": ENTRY}}, r"code 'X' is not of the form"),
    ],
)
def test_contradictions_are_named(document: dict[str, Any], message: str) -> None:
    with pytest.raises(CatalogueError, match=message):
        parse(document)


def test_the_catalogue_is_read_once_and_cannot_be_changed() -> None:
    catalogue = load_measurements()
    assert catalogue is load_measurements()
    with pytest.raises(TypeError):
        catalogue["x"] = catalogue["gestational_age"]  # type: ignore[index]

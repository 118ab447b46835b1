"""Numbers out of whatever an element may hold."""

from __future__ import annotations

import pytest
from pydicom.multival import MultiValue
from pydicom.valuerep import DSfloat

from lingyin.io.dicom.values import number, numbers


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, []),
        ("", []),
        ("1.5", [1.5]),
        (DSfloat("2"), [2.0]),
        (MultiValue(DSfloat, ["1", "2.5"]), [1.0, 2.5]),
        ([1, 2], [1.0, 2.0]),
        ([1, "x"], []),
        ([None, 1], []),
        (float("nan"), []),
        (float("inf"), []),
        (0x00181063, [float(0x00181063)]),
    ],
)
def test_numbers(value, expected):
    assert numbers(value) == expected
    assert number(value) == (expected[0] if expected else None)

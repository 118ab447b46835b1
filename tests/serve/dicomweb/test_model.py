"""The JSON model: numbers that JSON does not know, names in any character set, and what is damaged or too large."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from pydicom import Dataset, dcmread

from lingyin.serve.dicomweb.model import LARGEST_INLINE, as_json, kept, text_element
from tests.serve.dicomweb.conftest import Scan, packed


def test_numbers_without_a_value_are_words() -> None:
    dataset, item = Dataset(), Dataset()
    item.PhysicalDeltaX = float("nan")
    dataset.SequenceOfUltrasoundRegions = [item]
    dataset.PhysicalDeltaY = float("-inf")
    found = json.loads(json.dumps(as_json(dataset), allow_nan=False))
    assert found["0018602E"]["Value"] == ["-Infinity"]
    assert found["00186011"]["Value"][0]["0018602C"]["Value"] == ["NaN"]


@pytest.mark.parametrize(("charset", "name"), [("GB18030", "Wang^Wei=王^伟"), ("ISO_IR 100", "Müller^Jörg")])
def test_names_are_utf_8_whatever_the_file_uses(scan: Scan, charset: str, name: str) -> None:
    sent = scan(SpecificCharacterSet=charset, PatientName=name)
    header = dcmread(io.BytesIO(packed(sent)), stop_before_pixels=True)
    found: Any = kept(header)["00100010"]["Value"][0]
    assert "=".join(found.values()) == name
    assert as_json(header)["00080005"]["Value"] == ["ISO_IR 192"]


def test_large_binary_values_stay_in_the_file() -> None:
    dataset = Dataset()
    dataset.EncapsulatedDocument = bytes(LARGEST_INLINE + 2)
    dataset.ICCProfile = bytes(8)
    assert set(as_json(dataset)) == {"00282000"}


def test_damaged_value_hides_no_other(scan: Scan) -> None:
    raw = packed(scan(SeriesNumber=77)).replace(b"IS\x02\x0077", b"IS\x02\x00x7", 1)
    found = as_json(dcmread(io.BytesIO(raw), stop_before_pixels=True))
    assert "Value" not in found.get("00200011", {})
    assert found["00100020"]["Value"] == ["LY-7"]


def test_elements_of_our_own() -> None:
    assert text_element("RetrieveURL", "x") == {"00081190": {"vr": "UR", "Value": ["x"]}}
    assert text_element("RetrieveURL") == {"00081190": {"vr": "UR"}}

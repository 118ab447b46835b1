"""Headers lose every planted identifier and keep what measuring needs."""

from __future__ import annotations

from copy import deepcopy
from io import BytesIO

import pytest
from pydicom import Dataset, dcmwrite
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from lingyin.curate.confidentiality import load_profile
from lingyin.curate.deidentify import deidentify_header
from lingyin.curate.pseudonyms import Pseudonyms
from lingyin.io.phantom import make_phantom
from lingyin.io.phantom.dicom import to_dataset

SECRET = Pseudonyms(b"s" * 32)
PLANTED = ["Okonkwo", "Adaeze", "MRN-884417", "19610713", "13.07.1961", "SN-55120", "St Elsewhere", "9.8.7.6.5.4"]


@pytest.fixture(scope="module")
def phantom() -> Dataset:
    return to_dataset(make_phantom("aorta", seed=2, frames=2))


@pytest.fixture
def scan(phantom: Dataset) -> Dataset:
    dataset = deepcopy(phantom)
    dataset.PatientName = "Okonkwo^Adaeze"
    dataset.PatientID = "MRN-884417"
    dataset.PatientBirthDate = "19610713"
    dataset.PatientSex, dataset.PatientAge = "F", "094Y"
    dataset.StudyDate, dataset.StudyTime = "20240301", "101112"
    dataset.InstitutionName = "St Elsewhere"
    dataset.DeviceSerialNumber = "SN-55120"
    dataset.SOPInstanceUID = dataset.StudyInstanceUID = "9.8.7.6.5.4"
    dataset.ImageComments = "Mrs Okonkwo, born 13.07.1961"
    dataset.TransducerData = "C5 Okonkwo"
    dataset.ProtocolName = "Adaeze abdomen"
    dataset.RequestAttributesSequence = Sequence([Dataset()])
    dataset.RequestAttributesSequence[0].RequestedProcedureDescription = "for Okonkwo"
    nested = Dataset()
    nested.ReferencedSOPClassUID, nested.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.6.1", "9.8.7.6.5.4"
    nested.PurposeOfReferenceCodeSequence = Sequence([Dataset()])
    nested.PurposeOfReferenceCodeSequence[0].CodeMeaning = "MRN-884417"
    dataset.SourceImageSequence = Sequence([nested])
    block = dataset.private_block(0x0009, "VENDOR Okonkwo", create=True)
    block.add_new(0x01, "LO", "Adaeze Okonkwo")
    dataset.add_new(Tag(0x6000, 0x3000), "OB", b"Okonkwo.")
    dataset.add_new(Tag(0x5000, 0x0022), "LO", "Okonkwo curve")
    return dataset


def as_bytes(dataset: Dataset) -> bytes:
    buffer = BytesIO()
    dcmwrite(buffer, dataset, implicit_vr=False, little_endian=True)
    return buffer.getvalue()


def test_no_planted_identifier_is_left(scan: Dataset) -> None:
    before = as_bytes(scan).lower()
    assert all(word.lower().encode() in before for word in PLANTED)
    after = as_bytes(deidentify_header(scan, SECRET)).lower()
    assert [word for word in PLANTED if word.lower().encode() in after] == []
    assert b"20240301" not in after
    assert scan.PatientID == "MRN-884417"  # the original stays as it is


def test_what_measuring_needs_stays(scan: Dataset) -> None:
    clean = deidentify_header(scan, SECRET)
    for key in (
        "SequenceOfUltrasoundRegions",
        "FrameTime",
        "FrameIncrementPointer",
        "HeartRate",
        "Manufacturer",
        "Rows",
    ):
        assert clean[key] == scan[key], key


def test_one_patient_keeps_one_pseudonym_and_references_still_meet(scan: Dataset) -> None:
    first, second = deidentify_header(scan, SECRET), deidentify_header(scan, SECRET)
    assert first == second
    assert first.PatientID == first.PatientName == SECRET.name("MRN-884417")
    assert first.SourceImageSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID != "9.8.7.6.5.4"
    assert deidentify_header(scan, Pseudonyms(b"t" * 32)).PatientID != first.PatientID


def test_it_says_what_was_done(scan: Dataset) -> None:
    clean = deidentify_header(scan, SECRET)
    assert clean.PatientIdentityRemoved == "YES"
    assert [item.CodeValue for item in clean.DeidentificationMethodCodeSequence] == ["113100", "113107"]
    assert not clean.PatientSex
    assert "PatientAge" not in clean


def test_characteristics_stay_on_request_but_great_age_does_not(scan: Dataset) -> None:
    clean = deidentify_header(scan, SECRET, keep_characteristics=True)
    assert (clean.PatientSex, clean.PatientAge) == ("F", "090Y")
    assert "113108" in [item.CodeValue for item in clean.DeidentificationMethodCodeSequence]


def test_a_patient_without_number_or_name_gets_a_pseudonym_of_the_study(phantom: Dataset) -> None:
    bare = deepcopy(phantom)
    bare.PatientID = bare.PatientName = ""
    assert deidentify_header(bare, SECRET).PatientID == SECRET.name(str(bare.StudyInstanceUID))


TEXTS = {"AE", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"}


@pytest.mark.parametrize("action", ["X", "Z", "D", "X/Z", "X/D", "Z/D", "X/Z/D"])
def test_every_text_attribute_of_the_table_loses_its_value(action: str, phantom: Dataset) -> None:
    profile = load_profile()
    tags = [tag for tag, act in profile.actions.items() if act == action and keyword_for_tag(tag)]
    tags = [tag for tag in tags if dictionary_VR(tag) in TEXTS and tag not in profile.shifted]
    dataset = Dataset()
    dataset.StudyInstanceUID = "1.2.3"
    for tag in tags:
        dataset.add_new(tag, dictionary_VR(tag), "Zaphod")
    clean = deidentify_header(dataset, SECRET)
    assert "Zaphod" not in "".join(str(element.value) for element in clean)


def test_the_profile_is_whole() -> None:
    profile = load_profile()
    assert len(profile.actions) > 600
    assert {profile.actions[tag] for tag in profile.shifted} <= {"Z", "Z/D", "X/Z", "X/D", "X/Z/D"}

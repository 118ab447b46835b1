"""What the results need of the source's header: the patient and study it belongs to, and how to refer to its frames."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.config import IGNORE, RAISE
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.uid import UID

from lingyin.core.clip import Source
from lingyin.core.errors import LingyinError
from lingyin.io.guard import quiet
from lingyin.io.packs import reading

# Patient, Patient Study and General Study modules (PS3.3 C.7.1.1, C.7.2.2, C.7.2.1), as far as results repeat them.
PATIENT_AND_STUDY = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
    "StudyDescription",
)
# Type 2 of the same modules: present in every object, empty where the source says nothing.
ALWAYS = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
)
IMAGE = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "Modality", "NumberOfFrames")
LARGE_ELEMENT = 1 << 20  # bytes; vendors' private dumps stay on disk


def source_header(source: Source) -> Dataset | None:
    """Patient, study and image attributes of a DICOM source; None where there is no instance to refer to.

    Nothing is made up: what the header lacks, or holds in a form the standard forbids, stays empty. Where the file is
    no longer there, the identifiers that the clip kept are all that is returned.
    """
    if not is_instance(source):
        return None
    kept = Dataset()
    for keyword, value in _identifiers(source).items():
        setattr(kept, keyword, value)
    read = _read(source)
    if read is not None and str(read.get("SOPInstanceUID", "")).strip() == source.sop_instance_uid:
        kept.update(clean(read, (*PATIENT_AND_STUDY, *IMAGE)))
    for keyword in ALWAYS:
        if keyword not in kept:
            kept[keyword] = empty(keyword)
    if kept.get("PatientSex") not in ("", "M", "F", "O"):
        kept.PatientSex = ""
    if "DeidentificationMethod" not in kept and "PatientIdentityRemoved" in kept:
        del kept.PatientIdentityRemoved  # PS3.3 C.7.1.1: the one requires the other
    return kept


def is_instance(source: Source) -> bool:
    """Whether a source is a DICOM instance that others can refer to: all its identifiers are there and valid."""
    return source.kind == "dicom" and all(_is_valid(value) for value in _identifiers(source).values())


def _is_valid(uid: str | None) -> bool:
    return uid is not None and UID(uid, validation_mode=IGNORE).is_valid


def _identifiers(source: Source) -> dict[str, str | None]:
    return {
        "SOPClassUID": source.sop_class_uid,
        "SOPInstanceUID": source.sop_instance_uid,
        "SeriesInstanceUID": source.series_instance_uid,
        "StudyInstanceUID": source.study_instance_uid,
    }


def empty(keyword: str) -> DataElement:
    """The element without a value."""
    tag = tag_for_keyword(keyword)
    assert tag is not None
    return DataElement(tag, dictionary_VR(tag), None)


def clean(dataset: Dataset, keywords: Iterable[str]) -> Dataset:
    """The elements of `keywords` whose values the standard allows for their kind (PS3.5 6.2)."""
    kept = Dataset()
    for keyword in keywords:
        tag = tag_for_keyword(keyword)
        assert tag is not None
        try:
            value = dataset[tag].value if tag in dataset else None
            if value is not None and value != "":
                kept.add(DataElement(tag, dictionary_VR(tag), value, validation_mode=RAISE))
        except (ValueError, TypeError, KeyError, LookupError):
            continue
    return kept


def _read(source: Source) -> Dataset | None:
    """The header as stored; None where it can no longer be read."""
    path = Path(source.path)
    try:
        with quiet():
            if source.member is None:
                return _decoded(dcmread(path, stop_before_pixels=True, force=True, defer_size=LARGE_ELEMENT))
            with reading(path) as pack:
                for _, opened in pack.members({source.member}):
                    with opened() as file:
                        return _decoded(dcmread(file, stop_before_pixels=True, force=True))
    except (OSError, ValueError, LingyinError, EOFError, KeyError, AttributeError, TypeError, NotImplementedError):
        return None
    return None


def _decoded(dataset: Dataset) -> Dataset:
    """Its texts as characters, whatever character set the file uses; our objects are written in UTF-8."""
    wanted = Dataset()
    for keyword in (*PATIENT_AND_STUDY, *IMAGE, "SpecificCharacterSet"):
        if keyword in dataset:
            wanted[keyword] = dataset[keyword]
    wanted.decode()
    return wanted

"""De-identifies the header of a DICOM ultrasound image by the basic profile of PS3.15, and keeps what measuring needs.

Regions with their scale, frame times, heart rate and the device's make are not in the profile's table and stay.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydicom import DataElement, Dataset
from pydicom.sequence import Sequence as Items
from pydicom.tag import BaseTag

from lingyin.curate.confidentiality import Profile, load_profile
from lingyin.curate.echoes import Echoes, texts
from lingyin.curate.pseudonyms import Pseudonyms
from lingyin.version import __version__

_DUMMIES = {"DA": "19000101", "TM": "000000", "DT": "19000101000000", "AS": "000Y", "DS": "0", "IS": "0"}
_NUMBERS = frozenset({"FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"})
_SPOKEN = frozenset({"CS", "LO", "SH", "IS", "DS", "AS"})
_OLDEST = 89  # years, from which on an age alone may tell who it was (45 CFR 164.514(b)(2)(i)(C))


@dataclass(frozen=True)
class Work:
    """What the walk through one data set needs to know."""

    profile: Profile
    pseudonyms: Pseudonyms
    patient: str
    echoes: Echoes
    keep_characteristics: bool


def deidentify_header(dataset: Dataset, pseudonyms: Pseudonyms, *, keep_characteristics: bool = False) -> Dataset:
    """A new data set without identifiers and without pixels.

    Private attributes, overlays and curves go; names and numbers of the patient become pseudonyms; UIDs become other
    UIDs, the same for the same; moments of the study move by days that only the secret tells; unlisted free text goes,
    and so does any attribute in which a word of a name, a number or the birth date turns up again.

    Args:
        dataset: as read, without or with pixels; stays as it is.
        pseudonyms: the secret that all files of one collection share.
        keep_characteristics: keep sex, age (90 and above as 90), size and weight.
    """
    profile = load_profile()
    patient = patient_of(dataset)
    work = Work(profile, pseudonyms, patient, Echoes(dataset, profile), keep_characteristics)
    clean = _walk(dataset, work)
    for key in ("PatientName", "PatientID"):
        setattr(clean, key, pseudonyms.name(patient))
    _declare(clean, work)
    return clean


def patient_of(dataset: Dataset) -> str:
    """What the pseudonym of a data set is made from: the number of the patient, else the name, else the study."""
    named = (str(dataset.get(key) or "").strip() for key in ("PatientID", "PatientName", "StudyInstanceUID"))
    return next((text for text in named if text), "")


def _walk(dataset: Dataset, work: Work) -> Dataset:
    clean = Dataset()
    for tag in list(dataset.keys()):
        if _goes_unread(tag, work.profile):
            continue
        kept = _treated(dataset[tag], work)
        if kept is not None:
            clean.add(kept)
    return clean


def _goes_unread(tag: BaseTag, profile: Profile) -> bool:
    """Whether an element goes whatever it holds: private ones are not even parsed."""
    if tag.is_private or tag.group in (0x0002, 0x7FE0) or tag.group >> 8 in profile.removed_groups or tag.element == 0:
        return True
    named = profile.actions.get(tag) == "X" and tag not in profile.characteristics
    return named or tag in profile.pixel_form


def _treated(element: DataElement, work: Work) -> DataElement | None:
    """What becomes of one element; None where it goes."""
    profile, tag, representation = work.profile, element.tag, element.VR
    if tag in profile.shifted:
        moved = [work.pseudonyms.moved(text, representation, work.patient) for text in texts(element)]
        return DataElement(tag, representation, moved[0] if len(moved) == 1 else moved)
    if tag in profile.characteristics and work.keep_characteristics:
        return _capped(element)
    action = profile.actions.get(tag)
    if representation == "SQ":
        if action is not None and action.startswith("X") and action != "X/Z/U*":
            return None
        return _sequence(element, work, emptied=action in ("D", "Z", "Z/D"))
    if representation == "UI":
        if action is not None and action != "U":
            return None
        new = [work.pseudonyms.uid(text) for text in texts(element)]
        return DataElement(tag, "UI", new[0] if len(new) == 1 else new)
    if action is None:
        return None if representation in profile.removed_representations or _speaks(element, work) else element
    if action in ("Z", "X/Z", "Z/D"):
        return DataElement(tag, representation, None)
    if action == "D":
        dummy = 0 if representation in _NUMBERS else _DUMMIES.get(representation, "REMOVED")
        return DataElement(tag, representation, dummy)
    return None


def _sequence(element: DataElement, work: Work, *, emptied: bool) -> DataElement | None:
    """A sequence with clean items; without items it stays only where the profile asks for an empty one."""
    items = [] if emptied else [_walk(item, work) for item in element.value]
    return DataElement(element.tag, "SQ", Items(items)) if items or emptied else None


def _speaks(element: DataElement, work: Work) -> bool:
    """Whether a value that should be harmless repeats a word of a name or a number of the patient."""
    spoken = element.VR in _SPOKEN and element.tag not in work.profile.structural
    return spoken and any(work.echoes.holds(text) for text in texts(element))


def _capped(element: DataElement) -> DataElement:
    text = str(element.value or "")
    if element.VR == "AS" and text.endswith("Y") and text[:-1].isdigit() and int(text[:-1]) > _OLDEST:
        return DataElement(element.tag, "AS", f"{_OLDEST + 1:03d}Y")
    return element


def _declare(clean: Dataset, work: Work) -> None:
    """Says what was done (PS3.3 C.7.1.1 and C.12.1)."""
    clean.PatientIdentityRemoved = "YES"
    clean.DeidentificationMethod = f"Lingyin {__version__}, PS3.15 basic profile {work.profile.edition}"
    clean.LongitudinalTemporalInformationModified = "MODIFIED"
    done = ["113100", "113107"] + (["113108"] if work.keep_characteristics else [])
    clean.DeidentificationMethodCodeSequence = Items([method_code(code) for code in done])


def method_code(code: str) -> Dataset:
    """One item of the De-identification Method Code Sequence (PS3.16 CID 7050)."""
    item = Dataset()
    item.CodeValue = code
    item.CodingSchemeDesignator = "DCM"
    item.CodeMeaning = load_profile().codes[code]
    return item

"""Whose scan a report folder holds and when it was made, as its DICOM objects say; who is compared with whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from lingyin.core.errors import InputError, UsageError
from lingyin.core.paths import packaged
from lingyin.core.tree import read_toml


@dataclass(frozen=True, slots=True)
class Identity:
    """Patient and date of a study; what is not known is empty. Kept in memory only, never written to a report."""

    patient: str
    issuer: str
    birth_date: str
    sex: str
    made: date | None
    study_uid: str

    @property
    def is_known(self) -> bool:
        """Whether the number means one person: placeholders that many share do not."""
        table: Any = read_toml(packaged("lingyin.report", "placeholders.toml"))
        return bool(self.patient) and self.patient.casefold() not in table["patient_id"]["placeholders"]


def identity_of(folder: Path) -> Identity:
    """Reads the identity from the DICOM objects of a report folder.

    Raises:
        InputError: there are none, or they are damaged.
    """
    from lingyin.report.dicom.earlier import read_earlier

    return identity_in(read_earlier(folder).report)


def identity_in(header: Any) -> Identity:
    """The identity that a DICOM header states."""

    def text(keyword: str) -> str:
        return str(header.get(keyword) or "").strip()

    try:
        made = datetime.strptime(text("StudyDate"), "%Y%m%d").date()
    except ValueError:
        made = None
    return Identity(
        patient=text("PatientID"),
        issuer=text("IssuerOfPatientID"),
        birth_date=text("PatientBirthDate"),
        sex=text("PatientSex"),
        made=made,
        study_uid=text("StudyInstanceUID"),
    )


def differ(one: Identity, other: Identity) -> str | None:
    """In what two identities contradict each other; None where nothing does."""
    pairs = {
        "patient number": (one.patient, other.patient),
        "issuer of the number": (one.issuer, other.issuer),
        "date of birth": (one.birth_date, other.birth_date),
        "sex": (one.sex, other.sex),
    }
    return next((what for what, (mine, theirs) in pairs.items() if mine and theirs and mine != theirs), None)


def match_of(prior: Identity, now: Identity, asserted: bool) -> str:
    """How the patient of both was matched: `patient-id`, or `asserted` where the caller vouches for it.

    Raises:
        UsageError: the two contradict each other, or one has no number of its own and nobody vouches for it.
    """
    wrong = differ(prior, now)
    if wrong is not None:
        raise UsageError(f"the two reports are of different patients: the {wrong} differs")
    if prior.is_known and now.is_known:
        return "patient-id"
    if asserted:
        return "asserted"
    raise UsageError(
        "one of the reports carries no patient number, so whether both are of one patient is not known; "
        "add --same-patient if you know it"
    )


def date_of(identity: Identity, given: date | None, folder: Path, option: str) -> date:
    """When a study was made: as given, else as its header says.

    Raises:
        InputError: neither says it.
    """
    made = given or identity.made
    if made is None:
        raise InputError(folder, "carries no date of the study", f"give it with {option} YYYY-MM-DD")
    return made

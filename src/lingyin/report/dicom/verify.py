"""What a physician's signature means in DICOM: verified by a named person at a time (PS3.3 C.17.2, PS3.16 TID 1002)."""

from __future__ import annotations

from datetime import datetime

import highdicom as hd
from pydicom import Dataset
from pydicom.sr.codedict import codes

from lingyin.core.study import Signature

NAME_LENGTH = 64  # characters of a component of a person's name (PS3.5 6.2)


def person_name(name: str) -> str:
    """A name as typed, as the family name of a PN value (PS3.5 6.2.1): it holds none of the signs that divide one."""
    plain = "".join(" " if each in "\\^=" or not each.isprintable() else each for each in name)
    return " ".join(plain.split())[: NAME_LENGTH - 1] + "^"


def observer(signature: Signature) -> hd.sr.ObserverContext:
    """The signer as observer of the report (TID 1003)."""
    return hd.sr.ObserverContext(
        observer_type=codes.DCM.Person,
        observer_identifying_attributes=hd.sr.PersonObserverIdentifyingAttributes(
            name=person_name(signature.by), organization_name=signature.organisation
        ),
    )


def set_verified(report: Dataset, signature: Signature) -> None:
    """Puts the time of the signature where highdicom puts the time of writing."""
    at = datetime.fromisoformat(signature.at)
    for item in report.VerifyingObserverSequence:
        item.VerificationDateTime = at.strftime("%Y%m%d%H%M%S+0000")

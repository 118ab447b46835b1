"""The receiving side: what C-STORE brings is checked, and is on the disk before its sender hears "success"."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from lingyin.analyze.engine import PROGRAM
from lingyin.core.errors import LingyinError
from lingyin.io.dicom.kind import SECONDARY_CAPTURE, ULTRASOUND_CLASSES, check_ultrasound
from lingyin.io.guard import quiet
from lingyin.report.dicom.common import MANUFACTURER
from lingyin.serve.node.settings import NodeSettings
from lingyin.serve.node.state import Image, State
from lingyin.serve.syntaxes import COMPRESSED

log = logging.getLogger(__name__)

# PS3.4 B.2.3 and PS3.7 annex C
SUCCESS = 0x0000
OUT_OF_RESOURCES = 0xA700
NOT_ULTRASOUND = 0xA900  # data set does not match SOP class
CANNOT_UNDERSTAND = 0xC000
LEAST_FREE_BYTES = 256 << 20

CAPTURES = (SECONDARY_CAPTURE, *(f"{SECONDARY_CAPTURE}.{kind}" for kind in range(1, 5)))
STORED_CLASSES = (*sorted(ULTRASOUND_CLASSES), *CAPTURES)
# A peer that forwards whatever it gets sends our own results back; refusing their classes would fail its whole job.
RESULT_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.88.33",  # Comprehensive SR
    "1.2.840.10008.5.1.4.1.1.88.34",  # Comprehensive 3D SR
    "1.2.840.10008.5.1.4.1.1.88.59",  # Key Object Selection
    "1.2.840.10008.5.1.4.1.1.66.4",  # Segmentation
    "1.2.840.10008.5.1.4.1.1.104.1",  # Encapsulated PDF
)
SYNTAXES = [
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    *COMPRESSED,
    UID("1.2.840.10008.1.2.4.100"),  # MPEG2 main profile, main level
    UID("1.2.840.10008.1.2.4.101"),
    UID("1.2.840.10008.1.2.4.102"),  # MPEG-4 AVC/H.264
    UID("1.2.840.10008.1.2.4.103"),
]
HEADER = [
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "Modality",
    "Manufacturer",
    "ManufacturerModelName",
    "NumberOfStudyRelatedInstances",
    "SequenceOfUltrasoundRegions",
]


class Receiver:
    """Handles C-STORE requests of all associations."""

    def __init__(self, settings: NodeSettings, state: State) -> None:
        self._settings, self._state = settings, state
        self._settling = threading.Lock()  # the same image may come twice at the same time

    def store(self, event: Any) -> int:
        """Answers one C-STORE request with a status (PS3.4 B.2.3); after success the image outlives a power cut."""
        try:
            return self._store(event.dataset_path, event.request, str(event.assoc.requestor.ae_title).strip())
        except OSError as error:
            log.error("an image cannot be stored: %s", error.strerror)
            return OUT_OF_RESOURCES
        except Exception as error:  # whatever a damaged data set brings up in the parser
            log.warning("an object cannot be read: %s", type(error).__name__)
            return CANNOT_UNDERSTAND

    def _store(self, path: Path, request: Any, sender: str) -> int:
        if shutil.disk_usage(self._settings.data).free < LEAST_FREE_BYTES:
            log.error("refused an image: the disk is nearly full")
            return OUT_OF_RESOURCES
        announced, wanted = str(request.AffectedSOPInstanceUID), str(request.AffectedSOPClassUID)
        with quiet():
            header = dcmread(path, stop_before_pixels=True, specific_tags=HEADER, force=True)
            if str(header.get("SOPInstanceUID", "")) != announced or str(header.get("SOPClassUID", "")) != wanted:
                return NOT_ULTRASOUND
        if self._state.has(announced):
            return SUCCESS  # the first one stays: an identifier never names two objects (PS3.3 C.12.1)
        if is_own(header):
            log.info("refused a result of another Lingyin")
            return NOT_ULTRASOUND
        try:
            check_ultrasound(header, announced)
        except LingyinError:
            return NOT_ULTRASOUND
        image = Image(
            sop_instance=announced,
            sop_class=wanted,
            study=str(header.StudyInstanceUID),
            sender=sender,
            file=file_name(announced),
            expected=_count(header),
        )
        with self._settling:
            if not self._state.has(announced):
                settle(path, self._settings.images / image.file)
                self._state.receive(image, time.time())
        return SUCCESS


def is_own(header: Dataset) -> bool:
    """Whether an object is a result of this program (its phantoms are none), which is not analysed again."""
    return (header.get("Manufacturer"), header.get("ManufacturerModelName")) == (MANUFACTURER, PROGRAM)


def file_name(sop_instance: str) -> str:
    """Name of an image's file: nothing of what a sender chose gets into a path."""
    return hashlib.sha256(sop_instance.encode()).hexdigest()[:32] + ".dcm"


def settle(path: Path, target: Path) -> None:
    """Moves a whole file to its place, and both its bytes and its name to the disk. Raises OSError."""
    sync(path)
    path.replace(target)
    sync(target.parent)


def sweep(folder: Path, before_s: float) -> None:
    """Removes half received files that were last written before a moment: associations that broke leave them."""
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # its association may end just now
            if path.stat().st_mtime < before_s:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def sync(path: Path) -> None:
    """Has the system write a file or folder to the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _count(header: Dataset) -> int | None:
    try:
        count = int(header.get("NumberOfStudyRelatedInstances") or 0)
    except (TypeError, ValueError):
        return None
    return count if count > 0 else None

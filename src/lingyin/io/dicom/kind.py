"""Is a DICOM object an ultrasound image? Decided by SOP Class and Modality (PS3.4 B.5, PS3.3 C.7.3.1.1.1)."""

from __future__ import annotations

from pydicom import Dataset
from pydicom.uid import UID

from lingyin.core.errors import NoFramesError, NotUltrasoundError

ULTRASOUND_CLASSES = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.6.1",  # Ultrasound Image
        "1.2.840.10008.5.1.4.1.1.3.1",  # Ultrasound Multi-frame Image
        "1.2.840.10008.5.1.4.1.1.6",  # Ultrasound Image (retired)
        "1.2.840.10008.5.1.4.1.1.3",  # Ultrasound Multi-frame Image (retired)
        "1.2.840.10008.5.1.4.1.1.6.2",  # Enhanced US Volume
    }
)
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # and its multi-frame kinds .7.1 to .7.4
DIRECTORY = "1.2.840.10008.1.3.10"
ULTRASOUND_MODALITIES = frozenset({"US", "IVUS", "BMUS", "BDUS"})
REMEDY = "give an ultrasound image or cine"


def check_ultrasound(dataset: Dataset, name: str) -> None:
    """Passes ultrasound images, and captures or unnamed objects whose Modality is ultrasound.

    Raises:
        NotUltrasoundError: another modality, or nothing says what it is.
        NoFramesError: a DICOMDIR, which only lists files.
    """
    declared = dataset.get("SOPClassUID") or getattr(dataset, "file_meta", {}).get("MediaStorageSOPClassUID") or ""
    sop_class = UID(str(declared))
    modality = str(dataset.get("Modality") or "").strip().upper()
    if sop_class == DIRECTORY or "DirectoryRecordSequence" in dataset:
        raise NoFramesError(name, "is a DICOMDIR, a list of files without images", "give the folder that it lies in")
    if sop_class in ULTRASOUND_CLASSES:
        return
    is_open_class = not sop_class or sop_class.is_private or sop_class.startswith(SECONDARY_CAPTURE)
    if is_open_class and (modality in ULTRASOUND_MODALITIES or "SequenceOfUltrasoundRegions" in dataset):
        return
    what = sop_class.name if sop_class and not sop_class.is_private else "a DICOM object"
    shown = f", modality {modality[:16]}" if modality else ""
    raise NotUltrasoundError(name, f"is not ultrasound ({what}{shown})", REMEDY)

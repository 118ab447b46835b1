"""Any folders of DICOM files; patients and studies appear only as running numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lingyin.core.clip import Clip, RegionKind
from lingyin.core.errors import InputError
from lingyin.core.labels import LabelSet
from lingyin.curate.readers.contract import Item, Reader
from lingyin.curate.readers.shapes import opener

_TAGS = {"patient": "PatientID", "study": "StudyInstanceUID"}


class DicomFolder(Reader):
    """DICOM files in any depth. The group is the patient, else the study, else the file.

    Patients are numbered as they are met: a hash of a short number could be guessed. A file that cannot be decoded is
    an item too, whose `open` says what is wrong.
    """

    name = "dicom_folder"
    expected = "DICOM ultrasound files, in folders or not"

    def items(self, folder: Path) -> Iterator[Item]:
        from lingyin.io.sniff import Kind, sniff

        numbers: dict[str, str] = {}
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            if sniff(path).kind is Kind.DICOM and path.name.upper() != "DICOMDIR":
                yield self._item(folder, path, numbers)

    def _item(self, folder: Path, path: Path, numbers: dict[str, str]) -> Item:
        from lingyin.io.open import open_file

        key = path.relative_to(folder).as_posix()
        named = _numbered(path, numbers)
        try:
            clip = open_file(path)
        except InputError:
            clip = None
        return Item(
            key=key,
            source=path,
            kind="clip" if clip is not None and len(clip) > 1 else "picture",
            open=opener(path),
            labels=LabelSet(),
            group=named.get("patient") or named.get("study") or key,
            subject=named.get("patient"),
            licence=self.licence,
            mm_per_px=None if clip is None else _spacing(clip),
            facts={} if clip is None or not clip.source.manufacturer else {"manufacturer": clip.source.manufacturer},
        )


def _numbered(path: Path, numbers: dict[str, str]) -> dict[str, str]:
    """`patient-0001` and `study-0001`; the same text gets the same number, in the order in which texts are met."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        header = dcmread(path, stop_before_pixels=True, specific_tags=list(_TAGS.values()), force=True)
    except (OSError, InvalidDicomError, ValueError):
        return {}
    named = {}
    for what, tag in _TAGS.items():
        text = str(header.get(tag) or "").strip()
        if text:
            met = sum(name.startswith(what) for name in numbers.values())
            named[what] = numbers.setdefault(f"{what} {text}", f"{what}-{met + 1:04d}")
    return named


def _spacing(clip: Clip) -> tuple[float, float] | None:
    """mm per pixel in x and y where all tissue regions agree."""
    sizes = {(region.mm_per_px_x, region.mm_per_px_y) for region in clip.regions if region.kind is RegionKind.TISSUE}
    across, down = sizes.pop() if len(sizes) == 1 else (None, None)
    return None if across is None or down is None else (across, down)


READER = DicomFolder()

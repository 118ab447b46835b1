"""`Objects`: which DICOM objects a scan gets, in which order they are built, under which names they are written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydicom import Dataset
from pydicom.uid import JPEGBaseline8Bit

from lingyin.core.clip import Clip
from lingyin.core.study import Analysis
from lingyin.io.guard import quiet
from lingyin.report.dicom.capture import capture, drawn
from lingyin.report.dicom.common import Context, Referenced, as_file
from lingyin.report.dicom.earlier import Earlier
from lingyin.report.dicom.evidence import evidence, new_study
from lingyin.report.dicom.source import source_header
from lingyin.report.pictures import Pictures
from lingyin.report.schema import report_json
from lingyin.report.shapes import Overlay


class Objects:
    """The DICOM objects of one scan; `write` puts them into a folder, `write_pdf` adds the printed report later."""

    def __init__(
        self,
        analysis: Analysis,
        clip: Clip,
        stored: Mapping[int, bytes],
        earlier: Earlier | None = None,
        identity: Dataset | None = None,
    ) -> None:
        """Finds what the objects refer to.

        Args:
            analysis: study and outlines.
            clip: the clip that was analysed.
            stored: JPEG at stored size of every frame that is evidence or a key picture; used where the source is no
                DICOM instance, which then needs images of its own to refer to.
            earlier: the set of objects that this one replaces: patient and study stay as they were.
            identity: patient and study, where the clip's file is not in its place any more.
        """
        self._analysis = analysis
        self._clip = clip
        self._earlier = earlier
        seed = hashlib.sha256(report_json(analysis.study)).hexdigest()
        with quiet():
            header = source_header(clip.source)
            self.has_source = header is not None
            if header is None:
                own = new_study(Context(analysis.study, Dataset(), seed)) if earlier is None else earlier.identity
                self.context = Context(analysis.study, own, seed)
                self.referenced = evidence(self.context, clip, stored)
            else:
                known = identity if earlier is None else earlier.identity
                header.update(known or Dataset())
                self.context = Context(analysis.study, header, seed)
                several = len(clip) > 1 or int(header.get("NumberOfFrames") or 1) > 1
                self.referenced = Referenced(header, {i: i + 1 for i in range(len(clip))} if several else None)

    def write(self, folder: Path, pictures: Pictures, frames: Sequence[int]) -> None:
        """Writes all objects but the PDF; `frames` are the key frames (0-based), each in `pictures`."""
        # highdicom takes half a second to load: only who writes objects waits for it.
        from lingyin.report.dicom.keys import key_objects
        from lingyin.report.dicom.seg import segmentation
        from lingyin.report.dicom.sr import measurement_report

        context, referenced, study = self.context, self.referenced, self._analysis.study
        overlay = Overlay.of(self._analysis)
        with quiet():
            if not self.has_source:
                self._put(folder / "evidence.dcm", referenced.dataset, JPEGBaseline8Bit)
            self._put(
                folder / "sr.dcm", measurement_report(context, referenced, self._analysis.outlines, self._earlier)
            )
            outlined = segmentation(
                context,
                referenced,
                self._analysis.outlines,
                frames,
                (self._clip.height, self._clip.width),
                {code: colour for code, (colour, _) in overlay.looks.items()},
            )
            if outlined is not None:
                self._put(folder / "seg.dcm", outlined)
            captures = [
                capture(context, referenced, frame, number, drawn(overlay, study, pictures, frame))
                for number, frame in enumerate(frames, start=1)
            ]
            for number, each in enumerate(captures, start=1):
                self._put(folder / f"capture-{number}.dcm", each, JPEGBaseline8Bit)
            self._put(folder / "keys.dcm", key_objects(context, referenced, frames, captures))

    def write_pdf(self, folder: Path, content: bytes) -> None:
        """Writes the printed report as an object."""
        from lingyin.report.dicom.pdf import encapsulated_pdf

        with quiet():
            self._put(folder / "pdf.dcm", encapsulated_pdf(self.context, self.referenced, content))

    def _put(self, path: Path, dataset: Dataset, transfer_syntax: str | None = None) -> None:
        path.write_bytes(as_file(dataset) if transfer_syntax is None else as_file(dataset, transfer_syntax))

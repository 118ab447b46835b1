"""The Python API: `lingyin.analyze("scan.dcm")` gives a `Study`; an `Engine` loads the network once for many scans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pydantic import PrivateAttr

from lingyin.analyze import Engine as AnalysisEngine
from lingyin.analyze.options import NO_OPTIONS, Options
from lingyin.core import study as records
from lingyin.core.clip import Clip
from lingyin.core.errors import UsageError
from lingyin.io import open_clip
from lingyin.report import sentences, write_report

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Report:
    """A study in words of one language. `str(report)` is the plain text; `save` writes the folder of files."""

    study: Study
    lang: str

    def __str__(self) -> str:
        return "\n".join(sentence.text for sentence in sentences(self.study, self.lang))

    def save(self, folder: str | Path, *, pdf: bool = True) -> Path:
        """Writes page, PDF, JSON, video, DICOM objects and FHIR bundle into `folder`, atomically.

        Raises:
            OutputError: the folder cannot be written; nothing half-written stays.
        """
        return self.study.save(folder, self.lang, pdf=pdf)


class Study(records.Study):
    """The record of one analysed scan, with its reports (shape of the record: `lingyin.core.study.Study`)."""

    _analysis: records.Analysis = PrivateAttr()
    _clip: Clip = PrivateAttr()

    @classmethod
    def of(cls, analysis: records.Analysis, clip: Clip) -> Study:
        """Joins an analysis with the clip it was made from."""
        study = cls(**dict(analysis.study))
        study._analysis = analysis
        study._clip = clip
        return study

    def report(self, lang: str = "en") -> Report:
        """The report in one language: `en`, `zh-Hans` or `zh-Hant`.

        Raises:
            UsageError: another language was asked for.
        """
        if lang not in records.LANGUAGES:
            raise UsageError(f"no report in {lang!r}; choose one of {', '.join(records.LANGUAGES)}")
        return Report(self, lang)

    def save(self, folder: str | Path, lang: str = "all", *, pdf: bool = True) -> Path:
        """Writes the report folder (all languages by default; `pdf=False` leaves the PDF out) and returns its path."""
        write_report(self._analysis, self._clip, Path(folder), lang, pdf=pdf)
        return Path(folder)


class Engine:
    """The network loaded once, for many scans; `analyze` may be called from several threads at a time."""

    def __init__(
        self, model: str | Path | None = None, threads: int | None = None, options: Options = NO_OPTIONS
    ) -> None:
        """Loads the packaged network, or the model folder `model`; `threads` limits the cores used; `options` choose
        among guidelines.

        Raises:
            ModelError: the folder is missing, damaged or of another format.
            CatalogueError: an unknown guideline was chosen.
        """
        self._engine = AnalysisEngine(None if model is None else Path(model), threads, options=options)

    def analyze(
        self,
        scan: str | Path | Clip,
        *,
        member: str | None = None,
        mm_per_px: float | None = None,
        progress: Progress | None = None,
    ) -> Study:
        """Reads and analyses one scan: a DICOM file, video or picture, or an opened `Clip`.

        Args:
            scan: path, or a clip from `lingyin.io.open_clip`.
            member: name within the archive `scan`.
            mm_per_px: spacing of the stored picture in mm, where the file itself carries none.
            progress: called as `(stage, done, total)`.

        Raises:
            InputError: the file cannot be used; the message names it and the remedy.
        """
        clip = scan if isinstance(scan, Clip) else open_clip(Path(scan), member=member, mm_per_px=mm_per_px)
        return Study.of(self._engine.analyze(clip, progress=progress), clip)


def demo_scan() -> Path:
    """Path of the real 30-frame ultrasound cine that pydicom ships.

    Raises:
        UsageError: this build of pydicom came without its example files.
    """
    from pydicom.data import get_testdata_file

    path = get_testdata_file("examples_ybr_color.dcm", download=False)
    if path is None:
        raise UsageError("the demo scan is not in this build of pydicom; name a scan of your own")
    return Path(cast(str, path))

"""A report folder read back: study, outlines, pictures and DICOM identity, enough to make every form of it anew.

The scan itself need not be there any more: a server removes it once its report is written.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pydantic import ValidationError

from lingyin.core.clip import Clip, Frame, Source
from lingyin.core.errors import InputError
from lingyin.core.study import Analysis, Study
from lingyin.report.geometry import Display
from lingyin.report.outlines import read_outlines
from lingyin.report.pictures import Pictures

DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)
KEY_PICTURE = re.compile(r'<img id="key-(\d+)"[^>]* src="data:image/jpeg;base64,([^"]+)"')


class Held:
    """The frames that a page holds, at display size; for a frame it does not hold, the nearest one."""

    def __init__(self, jpeg: dict[int, bytes], count: int) -> None:
        self._jpeg, self._count = jpeg, count
        self._marks = np.asarray(sorted(jpeg))

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Frame:
        nearest = int(self._marks[np.abs(self._marks - index).argmin()])
        content = np.frombuffer(self._jpeg[nearest], np.uint8)
        return cv2.imdecode(content, cv2.IMREAD_COLOR_RGB)  # type: ignore[return-value]

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self._count):
            yield self[index]


@dataclass(frozen=True)
class Reopened:
    """What `reopen` found. `clip` has the frames of the page, at display size; `whole`: the page holds all of them."""

    folder: Path
    analysis: Analysis
    clip: Clip
    pictures: Pictures
    lang: str
    has_pdf: bool

    @property
    def whole(self) -> bool:
        return len(self.pictures.jpeg) == len(self.clip)


def read_study(path: Path) -> Study:
    """The study of a `report.json`, or of the report folder `path`.

    Raises:
        InputError: there is no such file, or it is no report.
    """
    path = path / "report.json" if path.is_dir() else path
    try:
        return Study.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(
            path, f"cannot be read ({error.strerror})", "name a report folder or its report.json"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(path, f"is no report ({place}: {first['msg']})", "analyse the scan again") from error


def reopen(folder: Path) -> Reopened:
    """Reads a report folder.

    Raises:
        InputError: a file is missing, or is none of ours.
    """
    study = read_study(folder)
    page = folder / "report.html"
    try:
        text = page.read_text(encoding="utf-8")
        data = json.loads(DATA.search(text)[1])  # type: ignore[index]
        pictures, times = _pictures(text, data, study)
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise InputError(page, "is missing or damaged", "analyse the scan again") from error
    languages = list(data["words"])
    clip = Clip(
        frames=Held(pictures.jpeg, study.clip.frames),
        times_s=times,
        width=study.clip.width,
        height=study.clip.height,
        source=_source(study),
        pixel_aspect=_aspect(pictures.display),
    )
    lang = "all" if len(languages) > 1 else languages[0]
    return Reopened(
        folder, Analysis(study, read_outlines(folder)), clip, pictures, lang, (folder / "report.pdf").is_file()
    )


def _pictures(text: str, data: dict[str, Any], study: Study) -> tuple[Pictures, Any]:
    """The frames of the page, and the times of all frames (between those held, evenly)."""
    keys = {int(frame): base64.b64decode(content) for frame, content in KEY_PICTURE.findall(text)}
    jpeg: dict[int, bytes] = {}
    for frame in data["frames"]:
        source = frame["src"]
        index = int(frame["index"])
        jpeg[index] = keys[index] if source is None else base64.b64decode(source.partition(",")[2])
    display = Display(int(data["width"]), int(data["height"]), study.clip.width, study.clip.height)
    marks = [int(frame["index"]) for frame in data["frames"]]
    times = np.interp(np.arange(study.clip.frames), marks, [float(frame["time"]) for frame in data["frames"]])
    return Pictures.held(display, jpeg), times


def _aspect(display: Display) -> float:
    """Height of a stored pixel over its width: the display has square ones."""
    aspect = (display.height / display.stored_height) / (display.width / display.stored_width)
    return 1.0 if abs(aspect - 1.0) < 0.01 else aspect  # a display is rounded to whole pixels


def _source(study: Study) -> Source:
    path, _, member = study.clip.source.partition("!")
    return Source(
        path=path,
        kind=study.clip.kind,
        member=member or None,
        sop_class_uid=study.clip.sop_class_uid,
        sop_instance_uid=study.clip.sop_instance_uid,
        series_instance_uid=study.clip.series_instance_uid,
        study_instance_uid=study.clip.study_instance_uid,
        manufacturer=study.clip.manufacturer,
        model_name=study.clip.model_name,
        notes=tuple(study.clip.notes),
    )

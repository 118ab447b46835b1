"""Report folders of real files (DICOM cine, still, palette, archive member; video; picture), written once each."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file

from lingyin.core.clip import Clip
from lingyin.core.study import Analysis, Category, Certainty, Evidence, EvidenceKind, Finding, Triage
from lingyin.io import open_clip
from lingyin.report import write_report
from tests.io.video_makers import moving, write_video
from tests.report.builders import RULE, clip_info, diagnosis, ellipse, make_study, measurement, node_name, organ

VALUE, INTERVAL, PROBABILITY = 47.2345678, (45.9, 48.5), 0.998
KINDS = ("phantom", "cine", "still", "palette", "archive", "video", "picture")


@dataclass(frozen=True)
class Written:
    """A report folder with what it was made from."""

    kind: str
    folder: Path
    source: Path
    analysis: Analysis
    clip: Clip

    @property
    def files(self) -> list[Path]:
        """All DICOM objects."""
        return sorted((self.folder / "dicom").glob("*.dcm"))

    def number_of(self, frame: int) -> int:
        """The number that a frame of the clip (from 0) has in the instance that results refer to."""
        if self.clip.source.kind == "dicom":
            return frame + 1
        return list(self.read("evidence.dcm").FrameLabelVector).index(f"frame {frame + 1}") + 1

    def read(self, name: str) -> Dataset:
        """One object."""
        return dcmread(self.folder / "dicom" / name)


def analysed(clip: Clip) -> Analysis:
    """What an engine might say of a clip: a caliper, an outline, a diagnosis on another frame, something not seen."""
    last = len(clip) - 1
    x, y = clip.width / 2, clip.height / 2
    radius = min(clip.width, clip.height) / 5
    caliper = Evidence(
        frame=last, kind=EvidenceKind.LINE, label="abdominal_aorta_outer", points=[(x - radius, y), (x + radius, y)]
    )
    outline = Evidence(
        frame=last, kind=EvidenceKind.MASK, label="abdominal_aorta_outer", polygons=[ellipse(x, y, radius, radius)]
    )
    findings = [
        organ("abdominal_aorta", PROBABILITY),
        measurement(
            "abdominal_aorta_diameter",
            VALUE,
            "mm",
            INTERVAL,
            abnormal=True,
            grade="medium",
            grade_name={"en": "medium aneurysm", "zh-Hans": "中等动脉瘤", "zh-Hant": "中等動脈瘤"},
            rule=RULE,
            evidence=[caliper, outline],
        ),
        Finding(
            code="abdominal_aortic_aneurysm",
            category=Category.DIAGNOSIS,
            name=node_name("abdominal_aortic_aneurysm"),
            certainty=Certainty.PRESENT,
            abnormal=True,
            rule=RULE,
            evidence=[outline],
        ),
        diagnosis("aortic_atheroma", Certainty.UNSURE, 0.41, frame=0),
    ]
    study = make_study(
        clip,
        findings,
        clip=clip_info(clip).model_copy(update={"sop_instance_uid": clip.source.sop_instance_uid}),
        triage=Triage.ABNORMAL,
        triage_reason="abnormal-finding",
    )
    outlines = {
        frame: {
            "abdominal_aorta_outer": [ellipse(x, y, radius, radius)],
            "abdominal_aorta_lumen": [ellipse(x + 1, y - 2, radius * 0.6, radius * 0.5)],
        }
        for frame in {0, last}
    }
    return Analysis(study, outlines)


def _source(kind: str, folder: Path, aneurysm: Path) -> tuple[Path, str | None]:
    packaged = {"cine": "ybr_color", "still": "rgb_color", "palette": "palette", "archive": "ybr_color"}
    if kind == "phantom":
        return aneurysm, None
    if kind in packaged:
        path = Path(cast(str, get_testdata_file(f"examples_{packaged[kind]}.dcm", download=False)))
        if kind != "archive":
            return path, None
        packed = folder / "scans.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            archive.write(path, "deep/cine.dcm")
        return packed, "deep/cine.dcm"
    if kind == "video":
        return write_video(folder / "clip.mp4", moving(6, 96, 128)), None
    picture = folder / "picture.png"
    cv2.imwrite(str(picture), moving(1, 96, 128)[0])
    return picture, None


@pytest.fixture(scope="session")
def written_as(tmp_path_factory: pytest.TempPathFactory, aneurysm: Path) -> dict[str, Written]:
    """All report folders by kind."""
    result = {}
    for kind in KINDS:
        folder = tmp_path_factory.mktemp(kind)
        source, member = _source(kind, folder, aneurysm)
        clip = open_clip(source, member)
        analysis = analysed(clip)
        write_report(analysis, clip, folder / "report")
        result[kind] = Written(kind, folder / "report", source, analysis, clip)
    return result


@pytest.fixture(params=KINDS)
def report(request: pytest.FixtureRequest, written_as: dict[str, Written]) -> Written:
    """Each report folder in turn."""
    return written_as[request.param]

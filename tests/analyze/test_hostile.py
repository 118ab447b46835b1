"""Input that is no scan of a known organ: no number is invented, the report says what it could not judge, and memory
does not grow with the length of a clip. The packaged network answers, not a fake."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from lingyin.analyze import Engine
from lingyin.core.clip import Box, Clip, Frame, RegionKind
from lingyin.core.study import Category, Study, Triage
from lingyin.io.phantom import make_phantom
from lingyin.report.check import check_report
from lingyin.report.concepts import site_of
from lingyin.report.sentences import sentences
from tests.analyze.clips import HEIGHT, WIDTH, Frames, make_clip, region, speckle
from tests.analyze.fakes import FakeNetwork, ellipse, head


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(threads=1)


def photo() -> Frame:
    """Coloured shapes before a sky: nothing that an ultrasound scanner shows."""
    frame = np.zeros((240, 320, 3), np.uint8)
    frame[:140] = (110, 170, 230)
    frame[140:] = (60, 130, 50)
    cv2.circle(frame, (250, 50), 28, (250, 220, 60), -1)
    cv2.rectangle(frame, (60, 90), (140, 180), (160, 60, 50), -1)
    cv2.putText(frame, "HOUSE", (60, 220), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255), 2)
    return frame


def honest(study: Study) -> None:
    """No value, no diagnosis, not called normal; something is listed as not assessed; the report bears it out."""
    assert all(finding.value is None for finding in study.findings)
    assert all(finding.category in {Category.ORGAN, Category.QUALITY} for finding in study.findings)
    assert study.triage is Triage.CANNOT_SAY
    assert study.not_assessed
    assert check_report(study, sentences(study, "en"), "en") == []


@pytest.mark.parametrize(
    "frames",
    [
        [photo()],
        [np.full((200, 300, 3), level, np.uint8) for level in (0,)],
        [np.full((200, 300, 3), 128, np.uint8)],
        [np.full((200, 300, 3), 255, np.uint8)],
        [np.full((120, 160, 3), (200, 30, 30), np.uint8)] * 5,
        [np.zeros((1, 1, 3), np.uint8)],
        [np.full((1, 1, 3), 255, np.uint8)] * 3,
        [np.random.default_rng(1).integers(0, 256, (200, 300, 3), np.uint8)],
    ],
    ids=["photo", "black", "grey", "white", "red", "one-pixel", "one-white-pixel", "noise"],
)
def test_pictures_of_nothing(engine: Engine, frames: Sequence[Frame]) -> None:
    honest(engine.analyze(make_clip(len(frames), frames=frames)).study)


def aorta_frames(count: int = 4) -> list[Frame]:
    phantom = make_phantom("aorta", 60001, frames=count)
    return [np.repeat(frame[..., None], 3, axis=2) for frame in phantom.frames]


def test_without_calibration_no_millimetre_and_no_grade_of_a_length(engine: Engine) -> None:
    study = engine.analyze(make_clip(4, None, frames=aorta_frames())).study
    assert all(finding.unit not in {"mm", "cm2", "mL", "wk"} for finding in study.findings)
    assert not any(finding.grade for finding in study.findings if finding.category is Category.MEASUREMENT)
    assert "uncalibrated" in {item.reason for item in study.not_assessed}


@pytest.mark.parametrize("kind", [RegionKind.SPECTRAL, RegionKind.M_MODE, RegionKind.WAVEFORM, RegionKind.GRAPHICS])
def test_a_file_of_traces_alone_is_not_judged(engine: Engine, kind: RegionKind) -> None:
    frames = aorta_frames()
    height, width = frames[0].shape[:2]
    only = (region(Box(0, 0, width, height), None, kind),)
    study = engine.analyze(make_clip(4, frames=frames, regions=only)).study
    honest(study)
    assert (study.triage_reason, study.not_assessed[0].reason) == ("no-tissue-picture", "no-tissue-picture")


def test_of_another_organ_nothing_is_said(engine: Engine) -> None:
    """An aorta is never given a breast's, a heart's or a fetus's finding, whatever their heads would answer."""
    study = engine.analyze(make_clip(4, frames=aorta_frames())).study
    sites = {site_of(item.code) for item in (*study.findings, *study.not_assessed)}
    assert sites - {None} == {"abdominal_aorta"}


class Endless(Frames):
    """A clip of any length whose frames are made when they are asked for."""

    def __init__(self, count: int) -> None:
        super().__init__([])
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Frame:  # type: ignore[override]
        self.asked += 1
        return speckle(index)


def peak(count: int) -> tuple[int, int, Study]:
    """Peak of memory in bytes, frames asked for, and the study of a clip of `count` frames."""
    network = FakeNetwork(
        ("thyroid", "none"),
        lambda _number: [0.95, 0.05],
        [head("lesion", "segment", ("thyroid_nodule",), ["thyroid"])],
        {"thyroid_nodule": lambda _number: ellipse((HEIGHT, WIDTH), (150, 110), (30, 24))},
    )
    plain, store = make_clip(1), Endless(count)
    clip = Clip(store, np.arange(count) / 25.0, plain.width, plain.height, plain.source, plain.regions)
    engine = Engine(network=network)  # type: ignore[arg-type]
    tracemalloc.start()
    try:
        study = engine.analyze(clip).study
        return tracemalloc.get_traced_memory()[1], store.asked, study
    finally:
        tracemalloc.stop()


def test_ten_thousand_frames_take_no_more_memory_than_five_hundred() -> None:
    short, asked_short, _ = peak(500)
    long, asked_long, study = peak(10_000)
    assert long < 1.2 * short
    assert asked_long <= asked_short + 5 < 120
    assert study.clip.frames == 10_000
    assert study.clip.frames_read == len(study.quality) < 100

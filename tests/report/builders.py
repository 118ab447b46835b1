"""Clips and analyses made by hand for the tests of the report: what an engine would give, with known numbers."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from lingyin.core.clip import Clip, Frame, Source
from lingyin.core.phrases import phrase
from lingyin.core.study import (
    Analysis,
    Category,
    Certainty,
    ClipInfo,
    Evidence,
    EvidenceKind,
    Finding,
    ModelInfo,
    NotAssessed,
    Point,
    RuleRef,
    Study,
    Triage,
)
from lingyin.core.tree import load_tree

WIDTH, HEIGHT = 320, 240


class Frames:
    """Frames in memory; counts how often each was decoded."""

    def __init__(self, frames: list[Frame]) -> None:
        self.frames = frames
        self.reads = 0

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> Frame:
        self.reads += 1
        return self.frames[index]

    def __iter__(self) -> Iterator[Frame]:
        for index in range(len(self)):
            yield self[index]


def text(en: str, hans: str, hant: str) -> dict[str, str]:
    return {"en": en, "zh-Hans": hans, "zh-Hant": hant}


def ellipse(x: float, y: float, a: float, b: float, points: int = 64) -> list[Point]:
    angles = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return [(float(x + a * np.cos(angle)), float(y + b * np.sin(angle))) for angle in angles]


def speckle(width: int, height: int, seed: int, hole: list[Point]) -> Frame:
    """A grey sector with a dark hole."""
    random = np.random.default_rng(seed)
    grey = cv2.GaussianBlur(random.rayleigh(60, (height, width)).astype(np.float32), (0, 0), 1.2)
    sector = np.zeros((height, width), np.uint8)
    cv2.ellipse(sector, (width // 2, -height // 6), (int(height * 1.1),) * 2, 0, 50, 130, 255, -1)
    grey[sector == 0] = 0
    cv2.fillPoly(grey, [np.asarray(hole, np.int32)], 8)
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def make_clip(
    count: int = 30, width: int = WIDTH, height: int = HEIGHT, name: str = "aorta.dcm", aspect: float = 1.0
) -> Clip:
    frames = [
        speckle(width, height, index, ellipse(width / 2, height / 2, radius(index), radius(index)))
        for index in range(count)
    ]
    return Clip(
        frames=Frames(frames),
        times_s=np.arange(count) * 0.033 + np.where(np.arange(count) > 10, 0.05, 0.0),
        width=width,
        height=height,
        source=Source(path=f"/home/someone/scans/{name}", kind="dicom"),
        pixel_aspect=aspect,
    )


def radius(index: int) -> float:
    return 40.0 + 2.0 * float(np.sin(index / 4))


def clip_info(clip: Clip, *, calibrated: bool = True) -> ClipInfo:
    return ClipInfo(
        source=clip.source.path,
        kind=clip.source.kind,
        width=clip.width,
        height=clip.height,
        frames=len(clip),
        duration_s=float(clip.times_s[-1]),
        frame_rate_hz=30.0 if len(clip) > 1 else None,
        calibrated=calibrated,
        calibration="dicom-region" if calibrated else "none",
        mm_per_px_x=0.58 if calibrated else None,
        mm_per_px_y=0.58 if calibrated else None,
        manufacturer="Acme",
        model_name="Sono 3",
        sector_box=(30.0, 0.0, clip.width - 30.0, clip.height - 10.0),
        key_frames=[min(7, len(clip) - 1)],
        frames_read=len(clip),
        notes=["frame times taken from FrameTime"],
    )


def make_study(of: Clip, findings: list[Finding], **fields: object) -> Study:
    defaults: dict[str, object] = {
        "program": "lingyin",
        "program_version": "0.1.0",
        "created": "2026-01-02T03:04:05Z",
        "clip": clip_info(of),
        "model": ModelInfo(name="first", version="1", sha256="ab" * 32),
        "triage": Triage.NORMAL,
        "triage_reason": "all-assessed-normal",
        "findings": findings,
    }
    return Study(**(defaults | fields))  # type: ignore[arg-type]


RULE = RuleRef(
    id="abdominal-aorta-diameter-esvs2024",
    guideline="European Society for Vascular Surgery, Clinical Practice Guidelines",
    edition="2024",
    evidence="general-knowledge",
    text=text("Aneurysm from 30 mm.", "直径达到 30 mm 为动脉瘤。", "直徑達到 30 mm 為動脈瘤。"),
    url="https://doi.org/10.1016/j.ejvs.2023.11.002",
)


def node_name(code: str) -> dict[str, str]:
    return dict(load_tree()[code].name)


def diagnosis(code: str, certainty: Certainty, probability: float | None, frame: int = 3, **fields: object) -> Finding:
    return Finding(
        code=code,
        category=Category.DIAGNOSIS,
        name=node_name(code),
        certainty=certainty,
        probability=probability,
        evidence=[Evidence(frame=frame, time_s=frame * 0.033, kind=EvidenceKind.FRAME, score=probability)],
        **fields,  # type: ignore[arg-type]
    )


def organ(code: str, probability: float, certainty: Certainty = Certainty.PRESENT) -> Finding:
    return Finding(
        code=code, category=Category.ORGAN, name=node_name(code), certainty=certainty, probability=probability
    )


def measurement(code: str, value: float, unit: str, interval: tuple[float, float], **fields: object) -> Finding:
    from lingyin.core.measurements import load_measurements

    entry = load_measurements()[code]
    return Finding(
        code=code,
        category=Category.MEASUREMENT,
        name=dict(entry.name),
        certainty=fields.pop("certainty", Certainty.PRESENT),  # type: ignore[arg-type]
        value=value,
        unit=unit,
        interval=interval,
        convention=entry.convention,
        **fields,  # type: ignore[arg-type]
    )


def aneurysm(count: int = 30, name: str = "aorta.dcm") -> tuple[Analysis, Clip]:
    """An aneurysm of 47.23 mm in a calibrated cine, with outlines in every frame, a caliper and a trace."""
    clip = make_clip(count, name=name)
    shown = min(6, count - 1)
    half = radius(shown)
    edge: list[Point] = [(160 - half, 120.0), (160 + half, 120.0)]
    outline = ellipse(160, 120, half, half)
    evidence = [
        Evidence(frame=shown, time_s=shown * 0.033, kind=EvidenceKind.LINE, label="abdominal_aorta_outer", points=edge),
        Evidence(
            frame=shown, time_s=shown * 0.033, kind=EvidenceKind.MASK, label="abdominal_aorta_outer", polygons=[outline]
        ),
    ]
    if count > 1:
        evidence.append(
            Evidence(
                frame=shown,
                time_s=shown * 0.033,
                kind=EvidenceKind.TRACE,
                frames=list(range(count)),
                values=[radius(index) * 2 * 0.58 for index in range(count)],
            )
        )
    findings = [
        organ("abdominal_aorta", 0.998),
        measurement(
            "abdominal_aorta_diameter",
            47.23,
            "mm",
            (45.94, 48.51),
            abnormal=True,
            grade="abdominal_aortic_aneurysm_medium",
            grade_name=text("medium aneurysm (from 40 mm)", "中等动脉瘤（40 mm 起）", "中等動脈瘤（40 mm 起）"),
            rule=RULE,
            evidence=evidence,
            caveats=["trained-on-phantoms-only", "view-not-verified"],
        ),
        Finding(
            code="abdominal_aortic_aneurysm",
            category=Category.DIAGNOSIS,
            name=node_name("abdominal_aortic_aneurysm"),
            certainty=Certainty.PRESENT,
            abnormal=True,
            rule=RULE,
            evidence=evidence[:2],
            caveats=["trained-on-phantoms-only"],
        ),
    ]
    study = make_study(
        clip,
        findings,
        triage=Triage.ABNORMAL,
        triage_reason="abnormal-finding",
        not_assessed=[
            NotAssessed(
                code="abdominal_aorta_lumen_diameter",
                name=text("lumen diameter of the abdominal aorta", "腹主动脉管腔直径", "腹主動脈管腔直徑"),
                reason="not-visible",
            )
        ],
    )
    outlines = {
        index: {
            "abdominal_aorta_outer": [ellipse(160, 120, radius(index), radius(index))],
            "abdominal_aorta_lumen": [ellipse(158, 121, radius(index) * 0.6, radius(index) * 0.6)],
        }
        for index in range(count)
    }
    return Analysis(study, outlines), clip


def structure(code: str, frame: int, certainty: Certainty = Certainty.PRESENT) -> Finding:
    """A structure that was outlined: its evidence is a frame and the code of the outline."""
    seen = Evidence(frame=frame, time_s=0.0, kind=EvidenceKind.FRAME, label=code, score=0.8)
    return Finding(code=code, category=Category.STRUCTURE, name=node_name(code), certainty=certainty, evidence=[seen])


def poor_picture() -> Finding:
    """What the engine says of a dark picture."""
    return Finding(
        code="image-quality",
        category=Category.QUALITY,
        name=phrase("quality", "image-quality"),
        certainty=Certainty.PRESENT,
        grade="too-dark",
        grade_name=phrase("quality", "too-dark"),
        evidence=[Evidence(frame=0, kind=EvidenceKind.FRAME)],
    )


def fetal_head() -> tuple[Analysis, Clip]:
    """A still of a fetal head with a fitted ellipse, two calipers and a gestational age."""
    clip = make_clip(1, 640, 480, "head.png")
    skull = ellipse(320, 240, 150, 115)
    mask = Evidence(frame=0, kind=EvidenceKind.MASK, label="fetal_skull", polygons=[skull])

    def line(*points: Point) -> list[Evidence]:
        return [Evidence(frame=0, kind=EvidenceKind.LINE, label="fetal_skull", points=list(points))]

    findings = [
        organ("fetal_head", 0.91),
        measurement("fetal_head_circumference", 176.4, "mm", (172.1, 180.7), evidence=[mask]),
        measurement("biparietal_diameter", 47.9, "mm", (46.2, 49.6), evidence=line((320, 125), (320, 355))),
        measurement("occipitofrontal_diameter", 62.5, "mm", (60.8, 64.2), evidence=line((170, 240), (470, 240))),
        measurement("gestational_age", 20.15, "wk", (18.9, 21.4), caveats=["view-not-verified"], evidence=[mask]),
    ]
    study = make_study(clip, findings, triage=Triage.CANNOT_SAY, triage_reason="nothing-assessable")
    return Analysis(study, {0: {"fetal_skull": [skull]}}), clip


def breast() -> tuple[Analysis, Clip]:
    """A diagnosis without calibration: one label present, one absent, one in doubt, no lengths."""
    clip = make_clip(4, name="breast.mp4")
    findings = [
        organ("breast", 0.86),
        diagnosis("breast_mass_benign", Certainty.UNSURE, 0.41),
        diagnosis(
            "breast_mass_malignant", Certainty.PRESENT, 0.43, abnormal=True, urgent=True, caveats=["trained-on-crops"]
        ),
        diagnosis("breast_normal", Certainty.ABSENT, 0.004),
    ]
    long_axis = text("long axis of the breast lesion", "乳腺病灶长径", "乳房病灶長徑")
    short_axis = text("short axis of the breast lesion", "乳腺病灶短径", "乳房病灶短徑")
    findings += [structure("breast_lesion", 1), poor_picture()]
    study = make_study(
        clip,
        findings,
        clip=clip_info(clip, calibrated=False),
        triage=Triage.URGENT,
        triage_reason="urgent-finding",
        not_assessed=[
            NotAssessed(code="breast_lesion_long_axis", name=long_axis, reason="uncalibrated"),
            NotAssessed(code="breast_lesion_short_axis", name=short_axis, reason="uncalibrated"),
        ],
    )
    return Analysis(study, {1: {"breast_lesion": [ellipse(150, 110, 30, 20)]}}), clip


def strange() -> tuple[Analysis, Clip]:
    """A picture unlike the training data: no finding but an organ in doubt."""
    clip = make_clip(2, name="cat.jpg")
    name = text("Diagnosis", "诊断", "診斷")
    study = make_study(
        clip,
        [organ("liver", 0.43, Certainty.UNSURE)],
        triage=Triage.CANNOT_SAY,
        triage_reason="unlike-training-data",
        not_assessed=[NotAssessed(code="diagnosis", name=name, reason="unlike-training-data")],
    )
    return Analysis(study, {}), clip


def nothing() -> tuple[Analysis, Clip]:
    """No finding at all, and nothing listed."""
    clip = make_clip(1, name="empty.png")
    study = make_study(clip, [], triage=Triage.CANNOT_SAY, triage_reason="nothing-assessable")
    return Analysis(study, {}), clip


CASES = {"aneurysm": aneurysm, "fetal_head": fetal_head, "breast": breast, "strange": strange, "nothing": nothing}

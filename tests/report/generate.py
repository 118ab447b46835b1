"""Random studies for the checker: every measurement, label, side, caveat, prior study and signature there can be."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from lingyin.core.errors import UsageError
from lingyin.core.measurements import load_measurements
from lingyin.core.phrases import load_phrases, phrase
from lingyin.core.study import (
    Analysis,
    Category,
    Certainty,
    ClipInfo,
    Finding,
    Laterality,
    ModelInfo,
    NotAssessed,
    Study,
    Triage,
)
from lingyin.core.tree import Kind, load_tree
from lingyin.report.compare import compare
from lingyin.report.review import Edit
from lingyin.report.review.apply import apply_edits
from lingyin.report.review.sign import with_signature
from tests.report.builders import text

TREE = load_tree()
KINDS = {Kind.FINDING: Category.DIAGNOSIS, Kind.VIEW: Category.VIEW, Kind.ORGAN: Category.ORGAN}
LABELS = sorted(code for code in TREE if TREE[code].kind in {*KINDS, Kind.STRUCTURE})
GRADES = [
    {},
    text("grade 2 (30 to 40)", "2 级（30–40）", "2 級（30–40）"),
    text("enlarged", "增大（轻度）", "增大（輕度）"),
]
SIGNERS = [("Dr Wang 王", "Ward 3"), ("李医生", None), ("Dr A. O'Neil", "Clinic 12, level 4")]
EDGES = (0.0, 0.004, 0.05, 0.5, 0.75, 0.95, 0.997, 1.0)
COMMENTS = [None, "Measured again: 28.4 mm.", "无异常。", "Not seen by me."]


def random_study(random: Random) -> Study:
    """One study; the same for the same state of `random`."""
    findings = [_measured(random) if random.random() < 0.5 else _labelled(random) for _ in range(random.randint(0, 8))]
    if random.random() < 0.3:
        fault = random.choice(["too-dark", "too-bright", "low-contrast"])
        findings.append(
            Finding(
                code="image-quality",
                category=Category.QUALITY,
                name=phrase("quality", "image-quality"),
                certainty=Certainty.PRESENT,
                grade=fault,
                grade_name=phrase("quality", fault),
            )
        )
    frames = random.randint(1, 400)
    phrases = load_phrases()
    study = Study(
        program="lingyin",
        program_version="0.1.0",
        created="2026-01-02T03:04:05Z",
        clip=_clip(random, frames),
        model=ModelInfo(name="first", version="1", sha256="ab" * 32),
        triage=random.choice(list(Triage)),
        triage_reason=random.choice(sorted(phrases["triage"])),
        findings=findings,
        not_assessed=[_refused(random) for _ in range(random.randint(0, 4))],
    )
    if random.random() < 0.5:
        study = _compared(random, study)
    for _ in range(random.choice([0, 0, 1, 2])):
        study = _signed(random, study)
    return study


def _clip(random: Random, frames: int) -> ClipInfo:
    calibrated = random.random() < 0.7
    return ClipInfo(
        source="scan.dcm",
        kind="dicom",
        width=640,
        height=480,
        frames=frames,
        duration_s=frames / 30,
        frame_rate_hz=30.0,
        calibrated=calibrated,
        calibration="dicom-region" if calibrated else "none",
        frames_read=random.randint(1, frames),
    )


def _side(random: Random) -> Laterality | None:
    return random.choice([None, None, *Laterality])


def _caveats(random: Random) -> list[str]:
    return random.sample(sorted(load_phrases()["caveat"]), random.choice([0, 0, 1, 2]))


def _measured(random: Random) -> Finding:
    entry = load_measurements()[random.choice(sorted(load_measurements()))]
    value = random.uniform(0.02, 600)
    interval = (max(0.0, value - random.uniform(0, 30)), value + random.uniform(0, 30))
    abnormal = random.choice([None, False, True])
    return Finding(
        code=entry.code,
        category=Category.MEASUREMENT,
        name=dict(entry.name),
        certainty=random.choice([Certainty.PRESENT, Certainty.PRESENT, Certainty.UNSURE]),
        value=value,
        unit=entry.unit,
        interval=interval if random.random() < 0.9 else None,
        convention=entry.convention,
        laterality=_side(random),
        abnormal=abnormal,
        urgent=bool(abnormal) and random.random() < 0.3,
        grade_name=random.choice(GRADES),
        caveats=_caveats(random),
    )


def _labelled(random: Random) -> Finding:
    code = random.choice(LABELS)
    certainty = random.choice(list(Certainty))
    abnormal = None if certainty is Certainty.ABSENT else random.choice([None, True])
    return Finding(
        code=code,
        category=KINDS.get(TREE[code].kind, Category.STRUCTURE),
        name=dict(TREE[code].name),
        certainty=certainty,
        probability=random.choice(
            [None, random.random(), random.choice([0.0, 0.004, 0.05, 0.5, 0.75, 0.95, 0.997, 1.0])]
        ),
        laterality=_side(random),
        abnormal=abnormal,
        urgent=bool(abnormal) and random.random() < 0.3,
        caveats=_caveats(random),
    )


def _refused(random: Random) -> NotAssessed:
    code = random.choice(LABELS)
    return NotAssessed(code=code, name=dict(TREE[code].name), reason=random.choice(sorted(load_phrases()["reason"])))


def _compared(random: Random, study: Study) -> Study:
    """With a prior study in which some values differed, some were missing and some were of the other side."""
    before = []
    for each in study.findings:
        if random.random() < 0.15:
            continue
        update: dict[str, object] = {}
        if each.value is not None:
            shift = random.uniform(-40, 40)
            update = {"value": each.value + shift}
            if each.interval is not None:
                update["interval"] = (each.interval[0] + shift, each.interval[1] + shift)
        if random.random() < 0.2:
            update |= {"laterality": _side(random), "abnormal": random.choice([None, True])}
        before.append(each.model_copy(update=update))
    prior = study.model_copy(update={"findings": before})
    today = date(2026, 1, 2)
    found = compare(prior, study, today - timedelta(days=random.randint(1, 2000)), today, "cd" * 32, "patient-id")
    return study.model_copy(update={"comparison": found})


def _signed(random: Random, study: Study) -> Study:
    """Signed, perhaps with one correction that the rules allow."""
    edits = []
    if study.findings and random.random() < 0.8:
        index = random.randrange(len(study.findings))
        target = study.findings[index]
        if random.random() < 0.4:
            edits = [Edit(action="reject", code=target.code, finding=index)]
        elif target.value is not None:
            edits = [Edit(action="set", code=target.code, finding=index, value=round(random.uniform(1, 300), 1))]
        elif target.category is not Category.QUALITY:
            edits = [Edit(action="set", code=target.code, finding=index, certainty=random.choice(list(Certainty)))]
    try:
        edited = apply_edits(Analysis(study, {}), edits, random.choice([None, "F", "M"]))
    except UsageError:  # two findings that rule each other out
        edited = apply_edits(Analysis(study, {}), [], None)
    by, place = random.choice(SIGNERS)
    at = f"2026-02-0{3 + len(study.signatures)}T04:05:06+00:00"
    return with_signature(study, edited.analysis.study, edited.changes, by, place, at, random.choice(COMMENTS))

"""Findings that only say what is there: an outlined structure, and what is wrong with the picture."""

from __future__ import annotations

from collections.abc import Sequence

from lingyin.analyze.masks import Track
from lingyin.analyze.reading import Readings
from lingyin.analyze.timeline import Timeline
from lingyin.core.phrases import phrase
from lingyin.core.study import Category, Certainty, Evidence, EvidenceKind, Finding, SpanKind
from lingyin.core.tree import Tree

POOR_SHARE = 0.5  # of the frames: a fault that most frames share is worth telling


def structure_finding(track: Track, readings: Readings, tree: Tree, caveats: Sequence[str]) -> Finding:
    """The structure was outlined: present, or unsure where it was believed in few frames only."""
    best = max(track.frames, key=lambda frame: frame.certainty * readings.frames[frame.position].weight)
    reading = readings.frames[best.position]
    sure = track.share >= 0.25 or len(track.frames) >= 5
    return Finding(
        code=track.structure,
        category=Category.STRUCTURE,
        name=tree[track.structure].name,
        certainty=Certainty.PRESENT if sure else Certainty.UNSURE,
        evidence=[
            Evidence(
                frame=reading.frame,
                time_s=reading.time_s,
                kind=EvidenceKind.FRAME,
                label=track.structure,
                score=round(min(1.0, best.certainty), 4),
            )
        ],
        caveats=list(caveats),
    )


def quality_finding(readings: Readings) -> list[Finding]:
    """A finding `image-quality` where most frames share a fault (dark, saturated, flat, too small, no picture); else
    none."""
    codes = [reading.quality.code for reading in readings.frames]
    faults = [code for code in codes if code != "adequate"]
    if len(faults) < POOR_SHARE * len(codes):
        return []
    fault = max(sorted(set(faults)), key=faults.count)
    first = next(reading for reading in readings.frames if reading.quality.code == fault)
    return [
        Finding(
            code="image-quality",
            category=Category.QUALITY,
            name=phrase("quality", "image-quality"),
            certainty=Certainty.PRESENT,
            grade=fault,
            grade_name=phrase("quality", fault),
            evidence=[Evidence(frame=first.frame, time_s=first.time_s, kind=EvidenceKind.FRAME)],
        )
    ]


def timeline_findings(timeline: Timeline) -> list[Finding]:
    """What happened along the clip and bears on the findings: a standing picture, a lifted probe, several scenes."""
    total = len(timeline.quality)
    scenes = [span for span in timeline.spans if span.kind is SpanKind.SCENE]
    used = sum(span.used for span in scenes)
    told = []
    if any(span.kind is SpanKind.FREEZE for span in timeline.spans):
        told.append(("freeze", "frames-standing", {"n": timeline.frozen, "total": total}, SpanKind.FREEZE))
    if timeline.lifted and timeline.lifted < total:
        told.append(("probe-lift", "frames-lifted", {"n": timeline.lifted, "total": total}, SpanKind.PROBE_LIFT))
    if len(scenes) > 1:
        told.append(("scene-cuts", "scenes-joined", {"n": len(scenes), "used": used}, SpanKind.SCENE))
    found = []
    for code, words, numbers, kind in told:
        first = next(span.first for span in timeline.spans if span.kind is kind)
        found.append(
            Finding(
                code=code,
                category=Category.QUALITY,
                name=phrase("quality", code),
                certainty=Certainty.PRESENT,
                grade=words,
                grade_name={lang: text.format(**numbers) for lang, text in phrase("quality", words).items()},
                evidence=[Evidence(frame=first, kind=EvidenceKind.FRAME)],
            )
        )
    return found

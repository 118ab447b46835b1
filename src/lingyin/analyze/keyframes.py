"""Key frames: the few that show the organ best and that the findings rest on, for the report to open with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from lingyin.analyze.masks import LEVEL, Track
from lingyin.analyze.reading import Reading, Readings
from lingyin.core.study import Finding

MOST = 6
APART = 0.12  # of the clip; key frames closer than this show the same thing


def frame_scores(readings: Readings, organ_index: int | None, tracks: Mapping[str, Track]) -> list[float]:
    """How much each reading deserves to be looked at: view certainty times quality times best mask (size and
    certainty).

    Without a recognised organ, quality alone decides.
    """
    best_area = {name: max(frame.area for frame in track.frames) for name, track in tracks.items()}
    masks = [0.0] * len(readings.frames)
    for name, track in tracks.items():
        for frame in track.frames:
            worth = frame.certainty * (frame.area / best_area[name]) ** 0.5
            masks[frame.position] = max(masks[frame.position], worth)
    return [
        _certainty(reading, organ_index) * reading.weight * (0.5 + 0.5 * mask if tracks else 1.0)
        for reading, mask in zip(readings.frames, masks, strict=True)
    ]


def turning_frames(readings: Readings) -> list[int]:
    """Frames around which a long clip deserves a closer look: the best picture, and where the most often outlined
    structure is largest and smallest (the widest moment of a vessel, end diastole and end systole)."""
    quality = [max(map(float, each.probabilities["organ"])) * each.weight for each in readings.frames]
    chosen = [int(np.argmax(quality))]
    counts = Counter(name for each in readings.frames for name, grid in each.grids.items() if grid.max() >= LEVEL)
    if counts:
        structure = counts.most_common(1)[0][0]
        areas = {
            position: float((each.grids[structure] >= LEVEL).mean())
            for position, each in enumerate(readings.frames)
            if structure in each.grids and each.grids[structure].max() >= LEVEL
        }
        ordered = sorted(areas, key=lambda position: areas[position])
        chosen += [ordered[round((len(ordered) - 1) * share)] for share in (0.02, 0.98, 1.0)]
    return [readings.frames[position].frame for position in dict.fromkeys(chosen)]


def choose_key_frames(
    readings: Readings, scores: Sequence[float], findings: Sequence[Finding], count: int
) -> list[int]:
    """Frame numbers, best first: those that findings rest on lead (abnormal ones first), then the best others apart."""
    ordered: list[int] = []
    for finding in sorted(findings, key=lambda each: (not each.urgent, not each.abnormal)):
        if finding.category in {"measurement", "diagnosis"}:
            ordered.extend(evidence.frame for evidence in finding.evidence[:2])
    leading = list(dict.fromkeys(ordered))[: MOST - 1]
    by_score = sorted(range(len(scores)), key=lambda position: (-scores[position], position))
    chosen = leading
    for position in by_score:
        frame = readings.frames[position].frame
        if len(chosen) >= MOST:
            break
        if not chosen or min(abs(frame - other) for other in chosen) > APART * count:
            chosen.append(frame)
    return chosen


def _certainty(reading: Reading, organ_index: int | None) -> float:
    return 1.0 if organ_index is None else float(reading.probabilities["organ"][organ_index])

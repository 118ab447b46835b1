"""Triage of labelled real clips: labels and triages come in, sensitivity and specificity with intervals go out.

A clip that the network may know from training is told apart from one it cannot know: its own frames, or those of
another clip of the same patient, are in the training split.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lingyin.core.errors import UnreadableError
from lingyin.core.study import Triage

NORMAL = "regular"
FRAMES = "lung_pocus"  # the set of frames that came from the same clips
PATIENT = re.compile(r"^(Reg_pat\d+)")  # clips of one patient are named alike
FLAGGED = (Triage.ABNORMAL, Triage.URGENT)
Z_95 = 1.96
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LabelledClip:
    """A clip, what its label says, and whether the network may have seen it or its patient in training."""

    path: Path
    label: str
    seen: bool

    @property
    def abnormal(self) -> bool:
        return self.label != NORMAL


def labelled_clips(root: Path) -> list[LabelledClip]:
    """The clips in `root/videos`, in the order of their table.

    Raises:
        UnreadableError: a table is missing.
    """
    listed = _table(root / "videos" / "labels.csv")
    frames = _table(root / FRAMES / "labels.csv")
    trained = {_subject(row["video"]) for row in frames if row["split"] == "train" and row["video"]}
    return [
        LabelledClip(root / "videos" / row["file"], row["label"], _subject(row["file"]) in trained) for row in listed
    ]


def _table(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise UnreadableError(str(path), "there is no such table", "set LINGYIN_DATA to the folder of the data sets")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _subject(name: str) -> str:
    found = PATIENT.match(name)
    return found.group(1) if found else Path(name).stem


def triage_rows(clips: Sequence[LabelledClip], triages: Sequence[Triage]) -> list[Row]:
    """Sensitivity, specificity and the share left undecided, of all clips and of those that training cannot know.

    "cannot say" is not a flag: it lowers the sensitivity, and the specificity too, since no normal clip was cleared.
    """
    pairs = list(zip(clips, triages, strict=True))
    unseen = [(clip, triage) for clip, triage in pairs if not clip.seen]
    rows = []
    for name, part in (("clips not seen in training", unseen), ("all clips", pairs)):
        sick = [triage for clip, triage in part if clip.abnormal]
        well = [triage for clip, triage in part if not clip.abnormal]
        counts = (
            ("sensitivity (abnormal clips flagged)", [triage in FLAGGED for triage in sick]),
            ("specificity (normal clips called normal)", [triage is Triage.NORMAL for triage in well]),
            ("normal clips flagged (share)", [triage in FLAGGED for triage in well]),
            ("cannot say (share)", [triage is Triage.CANNOT_SAY for _, triage in part]),
        )
        rows += [_row(name, metric, hits) for metric, hits in counts if hits]
    return rows


def _row(application: str, metric: str, hits: Sequence[bool]) -> Row:
    value, low, high = wilson(sum(hits), len(hits))
    return {
        "application": f"lung, {application}",
        "task": "triage",
        "method": "lingyin analyze",
        "labels": "published with the clips",
        "metric": metric,
        "value": round(value, 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "n": len(hits),
    }


def wilson(hits: int, total: int) -> tuple[float, float, float]:
    """A share with its 95 % score interval (Wilson 1927), which keeps its width when all or none of few are hits."""
    share = hits / total
    middle = (share + Z_95**2 / (2 * total)) / (1 + Z_95**2 / total)
    half = Z_95 / (1 + Z_95**2 / total) * float(np.sqrt(share * (1 - share) / total + Z_95**2 / (4 * total**2)))
    return share, max(0.0, middle - half), min(1.0, middle + half)

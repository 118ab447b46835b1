"""Which organ the clip shows: the joined decision of all frames, with certainty, and abstention where it should not
be trusted."""

from __future__ import annotations

from dataclasses import dataclass

from lingyin.analyze.fuse import Joined, join_probabilities, weighted_median
from lingyin.analyze.reading import Readings
from lingyin.core.study import Category, Certainty, Evidence, EvidenceKind, Finding
from lingyin.core.tree import Tree
from lingyin.runtime.manifest import Head

HEAD = "organ"
NONE = "none"  # pseudo label: none of the organs the network knows
NOVEL = 1.0
CERTAIN = 0.60
AGREEING = 0.50


@dataclass(frozen=True)
class OrganDecision:
    """`organ` is the code to go on with, None where nothing more may be said; `reason` then says why."""

    organ: str | None
    reason: str | None
    finding: Finding | None
    joined: Joined


def decide_organ(readings: Readings, head: Head, tree: Tree) -> OrganDecision:
    """Joins the organ head over all frames and decides whether later steps may speak.

    Order of doubt: unlike the training data (weighted median novelty above 1), none of the known organs, frames that
    contradict each other, low certainty. In doubt about a real organ its finding stays, as `unsure`.
    """
    tables = [reading.probabilities[HEAD] for reading in readings.frames]
    joined = join_probabilities(tables, readings.weights)
    label = head.labels[joined.top]
    novelty = weighted_median([reading.novelty for reading in readings.frames], readings.weights)
    reason = _doubt(label, joined, novelty)
    finding = None if label == NONE else _finding(label, joined, readings, reason, tree)
    return OrganDecision(None if reason else label, reason, finding, joined)


def without_picture(decision: OrganDecision) -> OrganDecision:
    """The decision on a file that holds no picture of tissue: whatever the network saw in it, nothing is said."""
    return OrganDecision(None, "no-tissue-picture", None, decision.joined)


def _doubt(label: str, joined: Joined, novelty: float) -> str | None:
    if novelty > NOVEL:
        return "unlike-training-data"
    if label == NONE:
        return "organ-not-recognised"
    if joined.agreement < AGREEING:
        return "heads-disagree"
    return "low-certainty" if joined.certainty < CERTAIN else None


def _finding(label: str, joined: Joined, readings: Readings, reason: str | None, tree: Tree) -> Finding:
    best = max(readings.frames, key=lambda reading: float(reading.probabilities[HEAD][joined.top]) * reading.weight)
    return Finding(
        code=label,
        category=Category.ORGAN,
        name=tree[label].name,
        certainty=Certainty.PRESENT if reason is None else Certainty.UNSURE,
        probability=round(joined.certainty, 4),
        evidence=[
            Evidence(
                frame=best.frame,
                time_s=best.time_s,
                kind=EvidenceKind.FRAME,
                score=round(float(best.probabilities[HEAD][joined.top]), 4),
            )
        ],
    )

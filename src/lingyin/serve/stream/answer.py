"""A look as OpenIGTLink messages: all of it as JSON text, the target as points, the mask as a label map."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from pyigtl.messages import MessageBase

from lingyin.analyze.masks import LEVEL
from lingyin.core.tree import Tree, load_tree
from lingyin.serve.stream.perceive import Look, Spoken
from lingyin.serve.stream.target import Target, to_frame
from lingyin.serve.stream.wire import placed_message, points_message, text_message

READING, TARGET, MASK = "LingyinReading", "LingyinTarget", "LingyinMask"
NOTICE = "AI, research use, not for primary diagnosis"
MM_DIGITS, SHARE_DIGITS = 2, 4


def describe(look: Look, stamp_s: float, sequence: int, dropped: int, latency_ms: float) -> dict[str, Any]:
    """Everything that is said of one frame, as it is sent in JSON.

    `organ.code` is what the last frames agree on, None with `organ.doubt` where they do not; `organ.agreement` is the
    share of them that says so, and `now` what this frame says by itself.
    """
    tree = load_tree()
    decision = look.decision
    best = decision.finding.code if decision.finding is not None else None
    return {
        "sequence": sequence,
        "stamp_s": stamp_s,
        "latency_ms": round(latency_ms, 1),
        "dropped": dropped,
        "organ": {
            "code": decision.organ,
            "likely": best,
            "name": _name(tree, best),
            "certainty": round(decision.joined.certainty, SHARE_DIGITS),
            "agreement": round(decision.joined.agreement, SHARE_DIGITS),
            "doubt": decision.reason,
        },
        "now": _spoken(look.now) | {"contradicts": look.contradicts},
        "view": None if look.view is None else _spoken(look.view) | {"name": _name(tree, look.view.code)},
        "quality": {"score": round(look.quality.score, SHARE_DIGITS), "code": look.quality.code},
        "novelty": round(look.novelty, SHARE_DIGITS),
        "target": None if look.target is None else _target(look, look.target, tree),
        "advice": look.advice,
        "notice": NOTICE,
    }


def answers(look: Look, stamp_s: float, sequence: int, dropped: int, latency_ms: float) -> list[MessageBase]:
    """The messages for one frame: JSON text always; points and label map where there is a target.

    Points and label map share the coordinates of the picture: its first pixel is the origin, x to the right, y down,
    in mm (in pixels where no spacing is known).
    """
    text = json.dumps(describe(look, stamp_s, sequence, dropped, latency_ms), separators=(",", ":"))
    messages: list[MessageBase] = [text_message(text, READING, stamp_s)]
    if look.target is None or look.mask is None:
        return messages
    scale = np.asarray(look.mm_per_px or (1.0, 1.0))
    flat = look.target.centreline_px * scale
    points = np.column_stack([flat, np.zeros(len(flat))])
    labels = [f"{look.target.structure} {number}" for number in range(1, len(points) + 1)]
    messages.append(points_message(points, labels, TARGET, stamp_s))
    corners = np.array([[0.0, 0.0], [1.0, 1.0]])
    origin, step = to_frame(corners, look.mask.shape, look.prepared) * scale
    matrix = np.diag([*(step - origin), 1.0, 1.0])
    matrix[:2, 3] = origin
    messages.append(placed_message((look.mask >= LEVEL).astype(np.uint8), matrix, MASK, stamp_s))
    return messages


def _target(look: Look, target: Target, tree: Tree) -> dict[str, Any]:
    return {
        "structure": target.structure,
        "name": _name(tree, target.structure),
        "certainty": round(target.certainty, SHARE_DIGITS),
        "centre_px": _pair(target.centre_px),
        "offset_px": _pair(target.offset_px),
        "offset_mm": _pair(target.offset_mm),
        "steady_mm": _pair(look.steady_mm),
        "spread_mm": _rounded(look.spread_mm),
        "sideways_mm": _rounded(target.sideways_mm),
        "deep_mm": _rounded(target.deep_mm),
        "narrowest_mm": _rounded(target.narrowest_mm),
        "area_mm2": _rounded(target.area_mm2),
        "cut": target.is_cut,
    }


def _name(tree: Tree, code: str | None) -> dict[str, str] | None:
    return None if code is None or code not in tree else dict(tree[code].name)


def _spoken(spoken: Spoken) -> dict[str, Any]:
    return {"code": spoken.code, "certainty": round(spoken.probability, SHARE_DIGITS)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, MM_DIGITS)


def _pair(values: tuple[float, float] | None) -> list[float] | None:
    return None if values is None else [round(value, MM_DIGITS) for value in values]

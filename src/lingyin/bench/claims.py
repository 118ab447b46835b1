"""Whether pretraining saw labels that the benchmark asks about: such an encoder stands beside the table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lingyin.bench.methods import OWN, Chosen
from lingyin.runtime.manifest import encoder_folder

CARD = "card.json"
DEEPEST = "full"  # depth of the tree that holds findings; views and organs above it are what pretraining may know
SAID = "saw labels of the train splits"


def saw_labels(path: Path | None) -> bool:
    """Of our encoder, the packaged one where `path` is None.

    A pretraining run tells by its card how deep into the tree it was taught. An encoder without one learnt together
    with its heads, or does not say, which counts alike.
    """
    place = encoder_folder() if path is None else path
    card = (place if place.is_dir() else place.parent) / CARD
    try:
        config: dict[str, Any] = json.loads(card.read_text(encoding="utf-8"))["config"]
        parts = [config["contrast"], config["classifier"]]
        return any(part["weight"] > 0 and part["tree_depth"] == DEEPEST for part in parts)
    except (OSError, ValueError, KeyError, TypeError):
        return True


def admitted(methods: Sequence[Chosen]) -> tuple[Chosen, ...]:
    """The methods, ours marked by its title where its encoder saw labels; such rows are not counted."""
    return tuple(_marked(each) if each.method.encoder == OWN and saw_labels(each.path) else each for each in methods)


def _marked(chosen: Chosen) -> Chosen:
    title = f"{chosen.method.title}, {SAID}"
    return replace(chosen, method=chosen.method.model_copy(update={"saw_labels": True, "title": title}))

"""From a checkpoint to a model folder: averaged weights, calibration on the validation split, card and manifest."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lingyin.core.paths import data_root
from lingyin.nets.export import export
from lingyin.runtime.manifest import Head, Manifest
from lingyin.runtime.network import softmax
from lingyin.runtime.novelty import fit_novelty
from lingyin.tasks.calibrate import Seen, edge_offsets, fit_temperature, look, operating_point
from lingyin.tasks.card import read_cards, write_card
from lingyin.tasks.config import HeadConfig, Recipe
from lingyin.tasks.store import Store
from lingyin.tasks.train import Trainer

TRAIN_SAMPLE = 160  # images per source for the statistics of novelty
FEW = 10  # validation images under which nothing is calibrated


def release(trainer: Trainer, stores: Sequence[Store], used: dict[str, int], folder: Path) -> Manifest:
    """Exports the averaged weights of `trainer` to `folder`. `used` counts the training images per source."""
    recipe = trainer.recipe
    net = trainer.averaged()
    size = recipe.train.size
    apart = [name for head in recipe.segment for name in head.apart]
    net.shift_masks(torch.from_numpy(edge_offsets(net, stores, "val", size, len(recipe.structures))))
    train = look(net, stores, "train", size, TRAIN_SAMPLE)
    validation = look(net, stores, "val", size)
    organ = [head.name for head in recipe.classify].index("organ")
    none = next(head for head in recipe.classify if head.name == "organ").labels.index("none")
    known = [(seen.targets[:, organ] != none) & ~np.isin(seen.source, apart) for seen in (train, validation)]
    novelty = fit_novelty(train.features[known[0]], train.targets[known[0], organ], validation.features[known[1]])
    cards = read_cards(data_root())
    heads = describe_heads(recipe, validation, used, {name: str(card["licence"]) for name, card in cards.items()})
    facts: dict[str, Any] = {
        "name": recipe.name,
        "version": recipe.version,
        "input_size": size,
        "saw": used,
        "images_seen": trainer.images,
        "training_hours": round(trainer.seconds / 3600, 3),
        "machine": f"{platform.machine()}, CPU only, {platform.system()}",
    }
    return export(folder, net, novelty, heads=heads, card=write_card(heads, cards, facts), facts=facts)


def describe_heads(recipe: Recipe, validation: Seen, used: dict[str, int], licences: dict[str, str]) -> list[Head]:
    """Heads as the manifest lists them, in the order of the network's outputs: classifying heads, then structures."""
    heads, start = [], 0
    for number, head in enumerate(recipe.classify):
        end = start + len(head.labels)
        heads.append(_classifier(head, validation.logits[:, start:end], validation.targets[:, number], used, licences))
        start = end
    by_name = {head.name: head for head in recipe.segment}
    for structure in recipe.structures:
        heads.append(_describe(by_name[structure], [structure], used, licences))
    return heads


def _classifier(
    head: HeadConfig, logits: np.ndarray[Any, np.dtype[np.float32]], targets: np.ndarray[Any, np.dtype[np.int64]],
    used: dict[str, int], licences: dict[str, str],
) -> Head:  # fmt: skip
    """Temperature and operating points from the known validation images of one head."""
    known = targets >= 0
    described = _describe(head, list(head.labels), used, licences)
    if known.sum() < FEW:
        return described
    temperature = fit_temperature(logits[known], targets[known])
    probability = softmax(logits[known] / np.float32(temperature))
    points = {}
    for index, label in enumerate(head.labels):
        truth = targets[known] == index
        if head.name != "organ" and 3 <= truth.sum() <= len(truth) - 3:
            points[label] = round(operating_point(probability[:, index], truth), 3)
    return described.model_copy(update={"temperature": round(temperature, 4), "thresholds": points})


def _describe(head: HeadConfig, labels: list[str], used: dict[str, int], licences: dict[str, str]) -> Head:
    sets = [name for name in (head.sets or tuple(used)) if name in used]
    return Head(
        name=head.name,
        task=head.task,
        labels=labels,
        organs=list(head.organs) or ([label for label in labels if label != "none"] if head.name == "organ" else []),
        trained_on=sets,
        licences=sorted({licences.get(name, "made by this project") for name in sets}),
        caveats=list(head.caveats),
    )

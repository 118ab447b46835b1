"""From a fitted head to a model folder: grafted on the base network, with manifest, card, and widened novelty."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import torch
from openvino import opset13
from torch import Tensor, nn

from lingyin.nets.export import CARD, ENCODER, file_sha256, fresh_folder, write_manifest
from lingyin.nets.graft import FEATURES, LOGITS, MASKS, find_maps, finish, grow, keep_channels, read_model, source_of
from lingyin.pretrain.coherent import most_below
from lingyin.runtime.manifest import FORMAT, Head, Manifest
from lingyin.runtime.network import JOINT, NETWORK, NOVELTY
from lingyin.runtime.novelty import QUANTILE, Novelty, read_novelty
from lingyin.tasks.contract import Floats, Inputs, Needs
from lingyin.tasks.describe import Describe
from lingyin.tasks.features import as_levels
from lingyin.tasks.fit import Fitted
from lingyin.tasks.saved import save_fitted

ORGAN = "organ"


@dataclass(frozen=True)
class Base:
    """The exported network that a head is grafted on."""

    folder: Path
    manifest: Manifest


@dataclass(frozen=True)
class Delivery:
    """What goes into a folder: the fitted head and its `entry` in the manifest; the `encoder` it was learnt on, and
    whether that is the base network's own, unchanged (`shares`; any other holds half-precision values); the base
    network's vectors of the user's pictures `own (N, D)`; card and counts."""

    fitted: Fitted
    entry: Head
    encoder: Any
    shares: bool
    own: Floats
    card: str
    saw: Mapping[str, int]


class _Branch(nn.Module):
    """The head as it runs in the program: masks leave as probabilities, facts coherent, all else raw."""

    below: Tensor

    def __init__(self, fitted: Fitted) -> None:
        super().__init__()
        self.head, self.kind = fitted.head, fitted.task.kind
        self.pooled = fitted.task.needs is Needs.POOLED
        below = fitted.task.below if isinstance(fitted.task, Describe) else np.zeros((0, 0), bool)
        self.register_buffer("below", torch.from_numpy(below))

    def forward(self, vectors: Tensor, *rest: Tensor) -> Tensor:
        """`vectors (B, D)`; then, for heads on maps, the maps from fine to coarse and the images."""
        images = vectors.new_zeros(1, 1, 1, 1) if self.pooled else rest[-1]
        raw: Tensor = self.head(Inputs(vectors, rest[:-1], images))
        if self.kind == "describe":
            return most_below(raw, self.below)
        return raw.sigmoid() if self.kind == "segment" else raw


class _Own(nn.Module):
    """An encoder that comes along: images to its vectors and maps."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        features = self.encoder(images.expand(-1, 3, -1, -1))
        return (features.cls, *as_levels(features))


def deliver(folder: Path, base: Base, what: Delivery) -> Manifest:
    """Writes the model folder, replacing a former one in one step.

    Heads of the base network that speak of the same labels or structures are left out: the new one takes their place.

    Raises:
        ModelError: the base network is damaged.
    """
    model = read_model(base.folder, base.manifest)
    grown = _grow(model, what, base.manifest.input_size)
    kept = [head for head in base.manifest.heads if not replaced(head, what.entry)]
    heads = _ordered([*kept, *_entries(what)])
    network = finish(model, _outputs(model, base.manifest, kept, what, grown))
    novelty = widen(read_novelty((base.folder / NOVELTY).read_bytes()), what.own)
    with fresh_folder(folder) as part:
        ov.save_model(network, part / NETWORK, compress_to_fp16=False)  # what is in half precision stays so
        shutil.copyfile(base.folder / ENCODER, part / ENCODER)
        save_fitted(part / f"head-{what.entry.name}.safetensors", what.fitted)
        (part / NOVELTY).write_bytes(novelty.to_bytes())
        (part / CARD).write_text(what.card, encoding="utf-8")
        marks = {path.name: file_sha256(path) for path in sorted(part.iterdir())}
        manifest = base.manifest.model_copy(
            update={
                "format": FORMAT,
                "name": f"{base.manifest.name}+{what.entry.name}",
                "heads": heads,
                "saw": {**base.manifest.saw, **what.saw},
                "sha256": marks,
            }
        )
        write_manifest(part, manifest)
    return manifest


def replaced(head: Head, entry: Head) -> bool:
    """Whether a base head gives way to the new one: the same name, or a label in common within the same task."""
    if head.name == ORGAN:
        return False
    return head.name == entry.name or (head.task == entry.task and bool(set(head.labels) & set(entry.labels)))


def _entries(what: Delivery) -> list[Head]:
    """Heads of the manifest: one, but one for each structure of a segmenting task."""
    if what.entry.task != "segment":
        return [what.entry]
    return [what.entry.model_copy(update={"name": label, "labels": [label]}) for label in what.entry.labels]


def _ordered(heads: Sequence[Head]) -> list[Head]:
    """In the order of the outputs: classifying heads, structures, all others."""
    rank = {"classify": 0, "segment": 1}
    return sorted(heads, key=lambda head: rank.get(head.task, 2))


def _grow(model: Any, what: Delivery, size: int) -> Any:
    """The new head's output inside the network."""
    shape, pooled = what.fitted.shape, what.fitted.task.needs is Needs.POOLED
    images, picture = model.get_parameters()[0].output(0), torch.zeros(2, 1, size, size)
    levels = zip(shape.level_channels, shape.strides, strict=True)
    maps = [torch.zeros(2, channels, size // stride, size // stride) for channels, stride in levels]
    sources = [source_of(model, FEATURES)] if what.shares and pooled else None
    if what.shares and not pooled and (found := find_maps(model, what.encoder, size)) is not None:
        sources = [source_of(model, FEATURES), *found]
    if sources is None:  # tuned, or of another architecture than the graph's: the head brings its encoder along
        sources = grow(_Own(what.encoder), (picture,), [images], compress=True)
    if pooled:
        return grow(_Branch(what.fitted), (torch.zeros(2, shape.dim),), sources[:1])[0]
    return grow(_Branch(what.fitted), (torch.zeros(2, shape.dim), *maps, picture), [*sources, images])[0]


def _outputs(model: Any, manifest: Manifest, kept: Sequence[Head], what: Delivery, grown: Any) -> list[tuple[str, Any]]:
    """All outputs of the new network by name: what is kept of the base's, and the new head's in its place."""
    logits = _channels(manifest, kept, "classify", source_of(model, LOGITS))
    masks = _channels(manifest, kept, "segment", source_of(model, MASKS))
    joint = {"classify": logits, "segment": masks}
    if what.entry.task in joint:
        joint[what.entry.task] = opset13.concat([joint[what.entry.task], grown], 1).output(0)
    named = [("features", source_of(model, FEATURES)), ("logits", joint["classify"]), ("masks", joint["segment"])]
    further = [head for head in manifest.heads if head.task not in JOINT]
    for index, head in enumerate(further, start=MASKS + 1):
        if head in kept:
            named.append((f"head:{head.name}", source_of(model, index)))
    if what.entry.task not in JOINT:
        named.append((f"head:{what.entry.name}", grown))
    return named


def _channels(manifest: Manifest, kept: Sequence[Head], task: str, output: Any) -> Any:
    """The channels of the heads that stay."""
    chosen: list[int] = []
    start = 0
    for head in manifest.heads:
        if head.task != task:
            continue
        if head in kept:
            chosen += range(start, start + len(head.labels))
        start += len(head.labels)
    return output if len(chosen) == start else keep_channels(output, chosen)


def widen(novelty: Novelty, own: Floats) -> Novelty:
    """The same statistics, which also know the user's pictures `own (N, D)`: their mean counts as one more organ, and
    the limits rise where more than a few of them would still be called novel."""
    within = (own - novelty.centre) @ novelty.basis
    known = replace(novelty, means=np.concatenate([novelty.means, within.mean(axis=0, keepdims=True)]))
    least = np.quantile(known.parts(own), 1 - (1 - QUANTILE) / 2, axis=0)
    return replace(known, limits=np.maximum(known.limits, least).astype(np.float32))

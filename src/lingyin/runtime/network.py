"""The exported network run in OpenVINO: prepared images in; features, calibrated probabilities, masks, novelty out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from lingyin.core.clip import Box, Frame
from lingyin.core.errors import ModelError
from lingyin.runtime.heads import sigmoid, softmax
from lingyin.runtime.manifest import Manifest, default_folder, read_manifest, read_verified
from lingyin.runtime.novelty import Novelty, read_novelty
from lingyin.runtime.prepare import Prepared, prepare

__all__ = ["Network", "Outputs", "Prepared", "load_network", "prepare", "softmax"]

Floats = NDArray[np.float32]
BATCH = 8  # images per pass: more brings no speed on a CPU, only memory
JOINT = frozenset({"classify", "segment"})  # tasks whose heads share one output
NETWORK, WEIGHTS, NOVELTY = "network.xml", "network.bin", "novelty.npz"


class _HasBox(Protocol):
    @property
    def box(self) -> Box: ...


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the network says of one image.

    `features (D,)`; `probabilities[head] (K,)` calibrated, in the order of the head's labels; `masks[structure] (h, w)`
    probability on the network's grid; `novelty` above 1.0 means unlike anything trained on. `raw[head]` is the raw
    output of a head of another task, for `runtime.heads`. An encoder without heads gives `features` alone, and no
    novelty (NaN).
    """

    features: Floats
    probabilities: dict[str, Floats]
    masks: dict[str, Floats]
    novelty: float
    raw: dict[str, Floats] = field(default_factory=dict)


class Network:
    """A loaded network. Every method may be called from several threads at a time."""

    def __init__(self, manifest: Manifest, compiled: Any, novelty: Novelty | None, weights: Any = None) -> None:
        self.manifest = manifest
        self._compiled = compiled
        self._novelty = novelty
        self._weights = weights  # held: the compiled network may read constants where they lie
        self._idle: SimpleQueue[Any] = SimpleQueue()  # infer requests: one per thread that is inside `run`
        self._classify = [head for head in manifest.heads if head.task == "classify"]
        self._structures = [head.labels[0] for head in manifest.heads if head.task == "segment"]
        self._further = [head.name for head in manifest.heads if head.task not in JOINT]

    @property
    def size(self) -> int:
        """Side of the square input in pixels."""
        return self.manifest.input_size

    def prepare(self, frame: Frame, sector: _HasBox | Box, pixel_aspect: float = 1.0) -> Prepared:
        """Crops `frame (H, W, 3)` to the sector's box and letterboxes it for this network."""
        return prepare(frame, sector, self.size, pixel_aspect)

    def run(self, batch: Sequence[Prepared]) -> list[Outputs]:
        """All heads for each prepared image, in order; one pass per `BATCH` images."""
        request = self._request()
        try:
            results: list[Outputs] = []
            for start in range(0, len(batch), BATCH):
                results += self._pass(request, batch[start : start + BATCH])
            return results
        finally:
            self._idle.put(request)

    def _request(self) -> Any:
        try:
            return self._idle.get_nowait()
        except Empty:  # every request is in use
            return self._compiled.create_infer_request()

    def _pass(self, request: Any, batch: Sequence[Prepared]) -> list[Outputs]:
        images = np.stack([prepared.image for prepared in batch])[:, None]
        answer = request.infer({0: images})
        features, *said = (np.array(answer[index], np.float32) for index in range(len(answer)))
        if self._novelty is None:
            return [Outputs(vector, {}, {}, float("nan")) for vector in features]
        logits, masks, *further = said
        novelty = self._novelty(features)
        tables = self._probabilities(logits)
        return [
            Outputs(
                features=features[i],
                probabilities={name: table[i] for name, table in tables.items()},
                masks={name: masks[i, channel] for channel, name in enumerate(self._structures)},
                novelty=float(novelty[i]),
                raw={name: values[i] for name, values in zip(self._further, further, strict=True)},
            )
            for i in range(len(batch))
        ]

    def _probabilities(self, logits: Floats) -> dict[str, Floats]:
        tables, start = {}, 0
        for head in self._classify:
            end = start + len(head.labels)
            cooled = logits[:, start:end] / np.float32(head.temperature)
            tables[head.name] = sigmoid(cooled) if head.mode == "several" else softmax(cooled)
            start = end
        return tables


def load_network(folder: Path | None = None, threads: int | None = None, *, heads: bool = True) -> Network:
    """Loads a model folder, the packaged one by default, after checking the SHA-256 of every file.

    Args:
        folder: holds `manifest.json` and the files it lists.
        threads: cores that one pass may use; all by default.
        heads: whether an encoder without heads, good for features alone, is refused.

    Raises:
        ModelError: the folder is missing, damaged, tampered with, of another format, or without the heads wanted.
    """
    folder = folder or default_folder()
    manifest = read_manifest(folder)
    if heads and not manifest.heads:
        raise ModelError(f"{folder}: is an encoder without heads, for `lingyin embed`; name a network with heads here")
    content = {name: read_verified(folder, manifest, name) for name in manifest.sha256}
    needed = (NETWORK, WEIGHTS, NOVELTY) if manifest.heads else (NETWORK, WEIGHTS)
    missing = [name for name in needed if name not in content]
    if missing:
        raise ModelError(f"{folder}: the manifest does not list {', '.join(missing)}; export the network again")
    try:
        core = ov.Core()
        weights = ov.Tensor(np.frombuffer(content[WEIGHTS], np.uint8))
        model = core.read_model(content[NETWORK], weights)
        compiled = core.compile_model(model, "CPU", _settings(threads))
        novelty = read_novelty(content[NOVELTY]) if manifest.heads else None
    except (RuntimeError, ValueError, KeyError) as error:
        raise ModelError(f"{folder}: cannot be loaded ({_first_line(error)}); export the network again") from error
    _check_shapes(folder, manifest, compiled)
    return Network(manifest, compiled, novelty, weights)


def _settings(threads: int | None) -> dict[str, Any]:
    """One pass as fast as it can be, in float32 everywhere: the same scan gives the same figures on every machine."""
    settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    count = (
        threads if threads is not None else len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    )
    return settings if count is None else settings | {"INFERENCE_NUM_THREADS": max(1, count)}


def _check_shapes(folder: Path, manifest: Manifest, compiled: Any) -> None:
    """The network must answer exactly what the manifest says."""
    labels = sum(len(head.labels) for head in manifest.heads if head.task == "classify")
    masks = sum(head.task == "segment" for head in manifest.heads)
    expected = (manifest.features, labels, masks) if manifest.heads else (manifest.features,)
    found = tuple(_channels(output) for output in compiled.outputs[: len(expected)])
    count = len(expected) + sum(head.task not in JOINT for head in manifest.heads)
    if len(compiled.outputs) != count:
        raise ModelError(
            f"{folder}: the network has {len(compiled.outputs)} outputs, the manifest says {count}; export the "
            "network again"
        )
    if found != expected:
        raise ModelError(
            f"{folder}: the network answers {found}, the manifest says {expected}; export the network again"
        )


def _channels(output: Any) -> int | None:
    dimension = output.get_partial_shape()[1]
    return int(dimension.get_length()) if dimension.is_static else None


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__

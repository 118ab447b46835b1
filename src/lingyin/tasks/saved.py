"""A fitted head on disk: one safetensors file whose metadata holds its task, shape, calibration and scores."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from lingyin.core.errors import ModelError
from lingyin.core.files import write_file
from lingyin.nets.weights import META, checksum
from lingyin.tasks.contract import Shape
from lingyin.tasks.fit import Fitted
from lingyin.tasks.registry import from_spec

FORMAT = "lingyin-head-1"


def save_fitted(path: Path, fitted: Fitted) -> None:
    """Writes the head; equal heads give equal bytes. Raises OutputError where the file cannot be written."""
    tensors = {name: value.detach().contiguous() for name, value in sorted(fitted.head.state_dict().items())}
    facts = {
        "format": FORMAT,
        "kind": fitted.task.kind,
        "spec": fitted.task.spec(),
        "shape": asdict(fitted.shape),
        "calibration": fitted.calibration,
        "loss": fitted.loss,
        "metrics": fitted.metrics,
        "decay": fitted.decay,
        "sha256": checksum(tensors),
    }
    write_file(path, save(tensors, metadata={META: json.dumps(facts, sort_keys=True)}))


def load_fitted(path: Path) -> Fitted:
    """Reads what `save_fitted` wrote, without the history.

    Raises:
        ModelError: absent, damaged, changed, or not a head of this program.
    """
    try:
        with safe_open(path, framework="pt") as file:
            facts: dict[str, Any] = json.loads((file.metadata() or {})[META])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
        if facts["format"] != FORMAT or facts["sha256"] != checksum(tensors):
            raise ValueError("another format, or changed since it was written")
        task = from_spec(facts["kind"], facts["spec"])
        seen = facts["shape"]
        shape = Shape(seen["dim"], tuple(seen["level_channels"]), tuple(seen["strides"]), seen["size"])
        head = task.head(shape)
        head.load_state_dict(tensors)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: not a head of this program, or damaged ({error}); fit it again") from error
    head.eval()
    return Fitted(task, shape, head, facts["calibration"], facts["loss"], facts["metrics"], facts["decay"])

"""Checkpoints: everything that a run is at a step, in one file without code in it, written atomically and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from lingyin.core.errors import ModelError, UsageError
from lingyin.core.files import write_file
from lingyin.nets.weights import META, checksum, read_tensors
from lingyin.pretrain.config import PretrainConfig
from lingyin.pretrain.team import spread_like, whole

FORMAT = "lingyin-checkpoint-1"
NAME = "checkpoint.safetensors"


@dataclass(frozen=True)
class Progress:
    """What a checkpoint holds besides tensors: steps done, rows of the history, images seen, seconds spent."""

    step: int
    history: list[dict[str, float]]
    images: int
    seconds: float


def save_checkpoint(
    folder: Path,
    config: PretrainConfig,
    data_sha256: str,
    net: nn.Module,
    average: Mapping[str, Tensor],
    optimiser: torch.optim.Optimizer,
    progress: Progress,
    *,
    write: bool = True,
) -> None:
    """Writes the run's state, replacing the checkpoint before it. Raises OutputError.

    Every process of a run calls it, because weights may be spread over all; only one has `write`.
    """
    tensors = {f"net.{name}": value for name, value in net.state_dict().items()}
    tensors |= {f"average.{name}": value for name, value in average.items()}
    for index, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": value for name, value in state.items()}
    tensors["random"] = torch.get_rng_state()
    tensors = {name: whole(value.detach()).contiguous() for name, value in tensors.items()}
    if not write:
        return
    facts = {
        "format": FORMAT,
        "config": config.model_dump(mode="json"),
        "data_sha256": data_sha256,
        "step": progress.step,
        "history": progress.history,
        "images": progress.images,
        "seconds": progress.seconds,
        "sha256": checksum(tensors),
    }
    write_file(folder / NAME, save(tensors, metadata={META: json.dumps(facts)}), durable=True)


def load_checkpoint(
    folder: Path,
    config: PretrainConfig,
    data_sha256: str,
    net: nn.Module,
    average: dict[str, Tensor],
    optimiser: torch.optim.Optimizer,
) -> Progress:
    """Puts the state of a folder's checkpoint into `net`, `average` and `optimiser`.

    Raises:
        ModelError: the file is damaged, tampered with or foreign.
        UsageError: it belongs to another config or other data; the differences are listed.
    """
    path = folder / NAME
    tensors, facts = read_tensors(path)
    if facts.get("format") != FORMAT:
        raise ModelError(f"{path}: not a checkpoint of this version; start a new run in another folder")
    differences = list_differences(facts["config"], config.model_dump(mode="json"))
    if facts["data_sha256"] != data_sha256:
        differences.append("the images are not those that the run began with")
    if differences:
        raise UsageError(
            f"{path}: belongs to another run; give its own config, or another --run\n  " + "\n  ".join(differences)
        )
    try:
        own = net.state_dict()
        net.load_state_dict({name: spread_like(value, own[name]) for name, value in under(tensors, "net.").items()})
        for name, value in under(tensors, "average.").items():
            average[name].copy_(spread_like(value, average[name]))
        learnt = [value for group in optimiser.param_groups for value in group["params"]]
        known = optimiser.state_dict()
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in under(tensors, "optimiser.").items():
            index, key = name.split(".", 1)
            place = learnt[int(index)]
            fitting = _laid_like(spread_like(value, place), place) if value.ndim else value
            state.setdefault(int(index), {})[key] = fitting
        optimiser.load_state_dict({**known, "state": state})
        torch.set_rng_state(tensors["random"])
        return Progress(facts["step"], facts["history"], facts["images"], facts["seconds"])
    except (KeyError, ValueError, RuntimeError, TypeError) as error:
        raise ModelError(f"{path}: does not fit this version of the program ({error})") from error


def _laid_like(value: Tensor, place: Tensor) -> Tensor:
    """The same values in memory as those of `place` lie: the optimiser runs over both side by side."""
    return value if value.stride() == place.stride() else torch.empty_like(place, dtype=value.dtype).copy_(value)


def list_differences(old: Any, new: Any, where: str = "") -> list[str]:
    """One line per value of two configs that differs."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted(set(old) | set(new))
        return [
            line for key in keys for line in list_differences(old.get(key), new.get(key), f"{where}.{key}".strip("."))
        ]
    return [] if old == new else [f"{where}: {old!r} in the checkpoint, {new!r} now"]


def under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`, by the rest of their names."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}

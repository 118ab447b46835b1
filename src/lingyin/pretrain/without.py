"""A pretraining config without one organ: the same recipe, and no picture of any set that shows it."""

from __future__ import annotations

from pathlib import Path

from lingyin.core.errors import UsageError
from lingyin.core.labels import dataset_labels
from lingyin.pretrain.config import PretrainConfig
from lingyin.pretrain.sources import chosen_sets


def leave_out(config: PretrainConfig, organ: str, root: Path | None) -> PretrainConfig:
    """The config with its sets named, those under `root` that show `organ` left out. Phantoms stay.

    Raises:
        UsageError: the data is absent, or no set of the config shows the organ.
    """
    if root is None:
        raise UsageError("the data sets are absent: set LINGYIN_DATA")
    data = config.data
    names = [] if data.sets == "none" else [each.name for each in chosen_sets(root, data.sets, data.licence)]
    kept = tuple(name for name in names if organ not in dataset_labels()[name].base.yes)
    if len(kept) == len(names):
        raise UsageError(f"{config.name}: none of its sets shows the organ {organ!r}, so there is nothing to leave out")
    without = data.model_copy(update={"sets": kept or "none"})
    return config.model_copy(update={"name": f"{config.name}-without-{organ}", "data": without})

"""Probes of an ablation: the val splits of the real sets, or phantoms where a config needs no data."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from lingyin.core.errors import UsageError
from lingyin.core.paths import data_root
from lingyin.nets.lite0 import Lite0
from lingyin.nets.readout import readout
from lingyin.nets.vit import Vit
from lingyin.pretrain import probe
from lingyin.pretrain.config import PretrainConfig
from lingyin.pretrain.sources import read_phantoms

PHANTOM_SEED = 424_243  # far from the seeds of any corpus
PHANTOMS = {"train": 56, "val": 56}  # eight of each of the seven kinds


class ValProbe:
    """Logistic probes on the val splits of the sets, over the claimed columns or those named."""

    def __init__(self, side: int, only: list[str] | None = None) -> None:
        root = data_root()
        if root is None:
            raise UsageError("the data sets are absent: set LINGYIN_DATA, or take a config with data.sets = 'none'")
        self.root, self.side = root, side
        known = probe.load_probes()
        absent = sorted(set(only or []) - {task.name for task in known})
        if absent:
            raise UsageError(f"no probe {', '.join(absent)}; there are {', '.join(task.name for task in known)}")
        self.tasks = [task for task in known if (task.name in only if only else task.claimed)]
        self.name = _mark("val", side, [task.name for task in self.tasks])

    def __call__(self, net: Vit | Lite0) -> dict[str, probe.Answer]:
        """Answers about val by the name of the task. Raises UsageError where a set is absent."""
        answers, kept = {}, dict[str, tuple[probe.Rows, probe.Floats]]()
        extract = readout(net)
        for task in self.tasks:
            if task.dataset not in kept:
                rows = probe.read_rows(self.root / task.dataset, ("train", "val"))
                found = probe.features_of(self.root / task.dataset, rows.names, extract, self.side)
                kept[task.dataset] = rows, found
            rows, features = kept[task.dataset]
            answers[task.name] = probe.fit_probe(features, rows, task.column, "val")
        return answers


class PhantomProbe:
    """What kind of phantom a picture shows: needs no data, and tells no more than that the machinery works."""

    def __init__(self, side: int) -> None:
        self.side, self.name = side, _mark("phantoms", side, [])
        self._drawn: tuple[torch.Tensor, probe.Rows] | None = None

    def __call__(self, net: Vit | Lite0) -> dict[str, probe.Answer]:
        """The answers of one task, "phantom kind"."""
        if self._drawn is None:
            self._drawn = self._draw()
        images, rows = self._drawn
        with torch.no_grad():
            features = readout(net)(images).float().numpy()
        return {"phantom kind": probe.fit_probe(features, rows, "kind", "val")}

    def _draw(self) -> tuple[torch.Tensor, probe.Rows]:
        greys, splits, kinds = [], [], []
        for number, (split, count) in enumerate(PHANTOMS.items()):
            for picture in read_phantoms(count, PHANTOM_SEED + number):
                greys.append(cv2.resize(picture.grey, (self.side, self.side), interpolation=cv2.INTER_AREA))
                splits.append(split)
                kinds.append(picture.source)
        names = tuple(f"{split}-{index}" for index, split in enumerate(splits))
        cells = tuple({"kind": kind} for kind in kinds)
        rows = probe.Rows(names, np.array(names, np.str_), np.array(splits, np.str_), cells)
        return torch.from_numpy(np.stack(greys))[:, None].float() / 255.0, rows


def _mark(kind: str, side: int, tasks: list[str]) -> str:
    """What tells one probe's answers from another's."""
    return " ".join([kind, f"{side} px", *tasks])


def probe_for(config: PretrainConfig, only: list[str] | None = None) -> ValProbe | PhantomProbe:
    """The probe that fits a config: phantoms where it learns from phantoms alone. Raises UsageError, as `ValProbe`."""
    side = config.data.cache_px
    return PhantomProbe(side) if config.data.sets == "none" else ValProbe(side, only)

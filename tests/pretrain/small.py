"""A tiny corpus and config for tests: discs of three brightnesses on dark ground, labelled as three organs."""

from __future__ import annotations

from typing import Any

import numpy as np

from lingyin.core.labels import LabelSet
from lingyin.pretrain.config import PretrainConfig
from lingyin.pretrain.corpus import Corpus

LABELS = (
    LabelSet.close(yes=["liver"]),
    LabelSet.close(yes=["kidney"]),
    LabelSet.close(yes=["view_apical_two_chamber"]),
    LabelSet(),
)


def small_corpus(count: int = 12, side: int = 32) -> Corpus:
    """Pictures of four kinds in turn; the left two columns of patches lie outside the sector."""
    rng = np.random.default_rng(0)
    down, across = np.mgrid[:side, :side]
    pictures = np.zeros((count, side, side, 2), np.uint8)
    for index in range(count):
        middle = rng.uniform(side * 0.4, side * 0.8, 2)
        disc = np.hypot(down - middle[0], across - middle[1]) < side * 0.2
        grey = rng.normal(40, 15, (side, side)) + disc * (60 + 40 * (index % 4))
        pictures[index, ..., 0] = np.clip(grey, 0, 255)
        pictures[index, :, side // 4 :, 1] = 255
    source = np.array([f"kind{index % 4}" for index in range(count)], np.str_)
    labels = tuple(LABELS[index % 4] for index in range(count))
    return Corpus(pictures, labels, source, dict.fromkeys(source, "drawn"), "0" * 64)


CONVOLUTIONAL: dict[str, Any] = {
    "encoder": {"family": "lite0", "patch": 32},
    "targets": {"pixels": 0.5, "own": 1.0},
    "contrast": {"weight": 0.1, "dim": 8, "pictures": 2.0},
    "data": {"sets": "none", "phantoms": 4, "cache_px": 32, "sources": 2},
    "stages": [{"until": 1.0, "size_px": 64, "mask_ratio": 0.5, "hard_share": 0.5}],
}  # what a convolutional encoder changes in the config


def small_config(**changes: Any) -> PretrainConfig:
    """All parts on, over a very small encoder; `changes` replace whole tables."""
    known: dict[str, Any] = {
        "name": "small",
        "seed": 3,
        "steps": 6,
        "threads": 1,
        "encoder": {"size": "custom", "patch": 8, "dim": 32, "depth": 2, "heads": 2, "registers": 2},
        "data": {"sets": "none", "phantoms": 4, "cache_px": 32},
        "views": {"least_scale": 0.9, "rotation_degrees": 3.0},
        "hard": {"weight": 0.1},
        "decoder": {"dim": 32, "depth": 1, "heads": 2},
        "targets": {"pixels": 1.0, "gradients": 0.5},
        "contrast": {"weight": 0.1, "dim": 8},
        "classifier": {"weight": 0.1},
        "optimiser": {"rate": 2e-3, "batch": 6, "views": 2, "ema_decay": 0.9},
        "checkpoint": {"every_steps": 2},
        "stages": [
            {"until": 0.5, "size_px": 32, "mask_ratio": 0.5, "structured": False},
            {"until": 1.0, "size_px": 32, "mask_ratio": 0.6, "hard_share": 0.5},
        ],
    }
    return PretrainConfig.model_validate(known | changes)

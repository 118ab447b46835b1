"""Batches that can be replayed: step and seed decide which pictures are drawn and how each view of them is made."""

from __future__ import annotations

import numpy as np
import torch

from lingyin.pretrain.config import PretrainConfig
from lingyin.pretrain.corpus import Corpus
from lingyin.pretrain.learner import Batch
from lingyin.pretrain.views import apply_views, draw_views


def generator_of(seed: int, step: int, part: int = 0) -> np.random.Generator:
    """The generator of one micro-batch of one step; nothing is carried from step to step."""
    return np.random.default_rng([seed, step, part])


class Drawer:
    """Draws batches from a corpus by the config's balance between sources."""

    def __init__(self, config: PretrainConfig, corpus: Corpus) -> None:
        self.config = config
        self.corpus = corpus
        self.ends = np.cumsum(corpus.weights(config.data.balance))

    def draw(self, generator: np.random.Generator, size_px: int) -> Batch:
        """`batch * views` views; the views of a picture lie `batch` rows apart. InputError for a damaged picture."""
        optimiser = self.config.optimiser
        chosen = np.searchsorted(self.ends, generator.random(optimiser.batch) * self.ends[-1], side="right")
        picture = np.tile(np.minimum(chosen, len(self.corpus) - 1), optimiser.views)
        drawn = draw_views(self.config.views, generator, len(picture))
        images, sectors = apply_views([self.corpus.picture(int(index)) for index in picture], drawn, size_px)
        return Batch(images, sectors, torch.from_numpy(picture))

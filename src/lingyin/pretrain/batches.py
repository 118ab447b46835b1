"""Batches that can be replayed: step and seed decide which pictures are drawn and how each view of them is made."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

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
        names = sorted(corpus.counts())
        self.members = [np.flatnonzero(corpus.source == name) for name in names]
        shares = np.array([len(each) for each in self.members], float) ** (1 - config.data.balance)
        self.chances = shares / shares.sum()

    def draw(self, generator: np.random.Generator, size_px: int) -> Batch:
        """`batch * views` views; the views of a picture lie `batch` rows apart. InputError for a damaged picture."""
        optimiser = self.config.optimiser
        picture = np.tile(self._chosen(generator), optimiser.views)
        drawn = draw_views(self.config.views, generator, len(picture))
        images, sectors = apply_views([self.corpus.picture(int(index)) for index in picture], drawn, size_px)
        return Batch(images, sectors, torch.from_numpy(picture))

    def _chosen(self, generator: np.random.Generator) -> NDArray[np.int64]:
        """Numbers of the `batch` pictures: of any source, or of so many sources as the config asks for."""
        count, sources = self.config.optimiser.batch, min(self.config.data.sources, len(self.members))
        if not sources:
            found = np.searchsorted(self.ends, generator.random(count) * self.ends[-1], side="right")
            within: NDArray[np.int64] = np.minimum(found, len(self.corpus) - 1)
            return within
        taken = generator.choice(len(self.members), sources, replace=False, p=self.chances)
        lots = [len(part) for part in np.array_split(np.arange(count), sources)]
        drawn = [
            self.members[source][generator.integers(len(self.members[source]), size=lot)]
            for source, lot in zip(taken, lots, strict=True)
        ]
        return np.concatenate(drawn)

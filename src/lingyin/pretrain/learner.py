"""The learner: encoder, decoder, heads and predictor as one network, and the losses of one batch of views."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from lingyin.nets.lite0 import fold, imagenet_lite0
from lingyin.nets.masked import LossPredictor, MaskedDecoder
from lingyin.nets.spark import MaskedLite0
from lingyin.nets.vit import Vit
from lingyin.pretrain.coherent import TreeClassifier, coherent_loss
from lingyin.pretrain.config import EncoderConfig, PretrainConfig
from lingyin.pretrain.contrast import ContrastHead, picture_contrast, tree_contrast
from lingyin.pretrain.corpus import Corpus
from lingyin.pretrain.labels import label_table
from lingyin.pretrain.masks import MaskPlan, draw_noise, patch_sector, plan_masks
from lingyin.pretrain.ranking import ranking_loss
from lingyin.pretrain.schedule import Moment
from lingyin.pretrain.targets import TargetHeads, make_targets


@dataclass(frozen=True, slots=True)
class Batch:
    """Views `images` and `sectors (V, 1, H, W)` 0..1, and the number in the corpus of the `picture (V,)` each shows."""

    images: Tensor
    sectors: Tensor
    picture: Tensor


def make_encoder(config: EncoderConfig) -> Vit | MaskedLite0:
    """The encoder before the first step. Raises ModelError where ImageNet weights are wanted and not installed."""
    if config.family == "vit":
        return Vit(config.architecture)
    net = fold(imagenet_lite0().eval())
    return MaskedLite0(net.to(memory_format=torch.channels_last))  # type: ignore[call-overload]


class Learner(nn.Module):
    """Everything that learns. Parts that the config switches off do not exist."""

    def __init__(self, config: PretrainConfig, corpus: Corpus) -> None:
        super().__init__()
        self.config = config
        self.encoder = make_encoder(config.encoder)
        dim, summary_dim, patch = self.encoder.dim, self.encoder.summary_dim, config.encoder.patch
        self.decoder = MaskedDecoder(dim, config.decoder.dim, config.decoder.depth, config.decoder.heads)
        # plain objects: a frozen teacher is no weight of ours
        self.targets = make_targets(config.targets, patch, self.encoder, bf16=config.optimiser.bf16)
        self.heads = TargetHeads(self.targets, config.decoder.dim, summary_dim)
        self.predictor = LossPredictor(patch) if config.hard.weight else None
        self.contrast = ContrastHead(summary_dim, config.contrast.dim) if config.contrast.weight else None
        self.pictures = ContrastHead(summary_dim, config.contrast.dim) if config.contrast.pictures else None
        self.classifier: TreeClassifier | None = None
        if self.contrast is not None:
            table = label_table(corpus.labels, config.contrast.tree_depth)
            self.contrast_says, self.contrast_depth = torch.from_numpy(table.says), torch.from_numpy(table.depth)
        if config.classifier.weight:
            table = label_table(corpus.labels, config.classifier.tree_depth)
            self.classifier = TreeClassifier(summary_dim, torch.from_numpy(table.below))
            self.classifier_says = torch.from_numpy(table.says)

    def plan(self, batch: Batch, at: Moment, generator: np.random.Generator) -> tuple[MaskPlan, Tensor]:
        """Masks of the batch, and its patches inside the sector `(V, L)`."""
        grid = self.encoder.grid_of(batch.images)
        noise = draw_noise(self.config.masks, generator, len(batch.images), grid)
        inside = patch_sector(batch.sectors, self.config.encoder.patch)
        difficulty = None
        if self.predictor is not None and at.hard_share > 0:
            with torch.no_grad():
                difficulty = self.predictor(batch.images).float()
        return plan_masks(noise, inside, at.mask_ratio, at.hard_share, difficulty), inside

    def forward(self, batch: Batch, plan: MaskPlan, inside: Tensor, structured: bool) -> dict[str, Tensor]:
        """Losses by name, each already times its weight; their sum is what is learnt from."""
        seen = self.encoder.see(batch.images, plan.visible)
        if self.targets:
            decoded = self.decoder(seen.tokens, plan.visible, self.encoder.grid_of(batch.images))
        losses: dict[str, Tensor] = {}
        per_patch = torch.zeros(plan.hidden.shape)
        for name, (weight, target) in self.targets.items():
            with torch.no_grad(), torch.autocast("cpu", enabled=False):
                wanted = target(batch.images)
            error = (self.heads.patches[name](decoded).float() - wanted).square().mean(-1)  # (V, L)
            counted = inside if target.everywhere else plan.hidden
            losses[name] = weight * (error * counted).sum() / counted.sum().clamp(min=1)
            per_patch = per_patch + weight * error.detach()
            if target.pooled_dim:
                said = self.heads.pooled[name](seen.summary).float()
                losses[f"{name} pooled"] = weight * (said - target.pooled).square().mean()
        if self.predictor is not None:
            scores = self.predictor(batch.images).float()
            losses["ranking"] = self.config.hard.weight * ranking_loss(scores, per_patch, plan.hidden)
        if structured:
            losses |= self._structured(batch, seen.summary)
        return losses

    def _structured(self, batch: Batch, summary: Tensor) -> dict[str, Tensor]:
        losses: dict[str, Tensor] = {}
        if self.contrast is not None:
            how, says = self.config.contrast, self.contrast_says[batch.picture].long()
            loss = tree_contrast(self.contrast(summary), batch.picture, says, self.contrast_depth, how.temperature)
            losses["contrast"] = how.weight * loss
        if self.pictures is not None:
            how = self.config.contrast
            losses["pictures"] = how.pictures * picture_contrast(self.pictures(summary), batch.picture, how.temperature)
        if self.classifier is not None:
            says = self.classifier_says[batch.picture].long()
            loss = coherent_loss(self.classifier(summary), says, self.classifier.below)
            losses["classifier"] = self.config.classifier.weight * loss
        return losses

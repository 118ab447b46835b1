"""The recipe of a joint network as a checked record: heads, sources, and how to train. Read from TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lingyin.core.errors import UsageError
from lingyin.core.paths import packaged


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TrainConfig(_Strict):
    """How long, how fast, how big. Steps are optimiser steps; rates are AdamW's."""

    size: int = Field(gt=0, multiple_of=32)
    batch: int = Field(gt=0)
    steps: int = Field(gt=0)
    warmup_steps: int = Field(ge=0)
    decay_share: float = Field(gt=0, le=1)
    encoder_rate: float = Field(gt=0)
    linear_rate: float = Field(gt=0)
    head_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    frozen_blocks: int = Field(ge=0)
    dropout: float = Field(ge=0, lt=1)
    label_smoothing: float = Field(ge=0, lt=1)
    segment_weight: float = Field(ge=0)
    average_decay: float = Field(ge=0, lt=1)
    seed: int


class HeadConfig(_Strict):
    """One head. A segmenting head has one label, the structure that gave it its name.

    `own_branch`: it has layers of its own; images of the sets in `apart` train those layers and nothing else.
    """

    name: str
    task: Literal["classify", "segment"]
    labels: tuple[str, ...] = ()
    organs: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    own_branch: bool = False
    apart: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> HeadConfig:
        if self.task == "classify" and len(self.labels) < 2:
            raise ValueError(f"head {self.name}: a classifying head needs two labels or more")
        if self.task == "segment" and self.labels:
            raise ValueError(f"head {self.name}: a segmenting head is named after its structure and lists no labels")
        if self.apart and not self.own_branch:
            raise ValueError(f"head {self.name}: `apart` needs `own_branch`")
        return self


class Recipe(_Strict):
    """All that decides a network, but for the data and the machine."""

    name: str
    version: str
    train: TrainConfig
    sources: dict[str, float]
    heads: tuple[HeadConfig, ...]

    @property
    def classify(self) -> tuple[HeadConfig, ...]:
        return tuple(head for head in self.heads if head.task == "classify")

    @property
    def segment(self) -> tuple[HeadConfig, ...]:
        return tuple(head for head in self.heads if head.task == "segment")

    @property
    def structures(self) -> tuple[str, ...]:
        """Structure codes in the order of the mask channels: shared decoder first, then own branches."""
        ordered = sorted(self.segment, key=lambda head: head.own_branch)
        return tuple(head.name for head in ordered)


def default_recipe() -> Path:
    """The recipe of the network that travels in the package."""
    return packaged("lingyin.tasks", "first_network.toml")


def load_recipe(path: Path | None = None) -> Recipe:
    """Reads a recipe; every mistake in it is listed at once.

    Raises:
        UsageError: the file is missing, is not TOML, or says something impossible.
    """
    path = path or default_recipe()
    try:
        return Recipe.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); name an existing recipe") from error
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise UsageError(f"{path}: {error}") from error

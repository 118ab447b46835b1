"""The manifest of a model folder: what the network answers, how well, trained on what; and the hash of every file.

Reading it needs neither numpy nor OpenVINO, so that `lingyin info` stays quick.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lingyin.core.errors import ModelError
from lingyin.core.paths import packaged

MANIFEST = "manifest.json"
FORMAT = 1


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Score(_Record):
    """One measured figure on the test split with its 95 % bootstrap interval over subjects; `n` images."""

    metric: str
    value: float
    low: float
    high: float
    n: int


class Head(_Record):
    """One head. A segmenting head is named after the structure it outlines, which is also its one label.

    Heads of other tasks answer through an output of their own: labels are those of boxes, names of points, the code of
    a measurement, or the harm that is undone.
    """

    name: str
    task: Literal["classify", "segment", "detect", "landmark", "measure", "enhance"]
    mode: Literal["exclusive", "several"] = Field(default="exclusive", description="several: each label for itself")
    stride: int = Field(default=1, gt=0, description="pixels per cell of boxes and points")
    unit: str = Field(default="", description="of a measurement")
    calibration: dict[str, float] = Field(default_factory=dict, description="what validation taught of intervals")
    labels: list[str] = Field(min_length=1)
    organs: list[str] = Field(default_factory=list, description="organs it may speak about")
    temperature: float = Field(default=1.0, gt=0, description="divides the logits before the softmax (Guo et al. 2017)")
    thresholds: dict[str, float] = Field(default_factory=dict, description="operating point per label, from validation")
    rules_out: dict[str, float] = Field(
        default_factory=dict,
        description="probability per label under which it is absent; else half its operating point",
    )
    threshold: float = Field(default=0.5, gt=0, lt=1, description="probability at which a mask's edge lies")
    trained_on: list[str] = Field(default_factory=list, description="data sets with labels for this head")
    licences: list[str] = Field(default_factory=list, description="licences of those sets")
    caveats: list[str] = Field(default_factory=list, description="codes of the catalogue of phrases")
    scores: list[Score] = Field(default_factory=list)


class Manifest(_Record):
    """All that is known of a network before it is loaded."""

    format: int
    name: str
    version: str
    input_size: int = Field(gt=0)
    features: int = Field(gt=0, description="length D of the feature vector")
    research_use_only: bool = True
    heads: list[Head]
    saw: dict[str, int] = Field(default_factory=dict, description="training images of every set that it learnt from")
    images_seen: int = 0
    training_hours: float = 0.0
    machine: str = ""
    sha256: dict[str, str] = Field(description="file name to hash, for every other file of the folder")

    @property
    def fingerprint(self) -> str:
        """One SHA-256 for the whole network: over the names and hashes of its files."""
        lines = "".join(f"{name} {mark}\n" for name, mark in sorted(self.sha256.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    def head(self, name: str) -> Head:
        """The head of that name. Raises KeyError where there is none."""
        for head in self.heads:
            if head.name == name:
                return head
        raise KeyError(name)


def default_folder() -> Path:
    """Folder of the network that travels inside the package."""
    return packaged("lingyin.runtime", "models", "default")


def encoder_folder() -> Path:
    """Folder of the encoder that travels inside the package: features learnt apart from any task."""
    return packaged("lingyin.runtime", "models", "encoder")


def read_manifest(folder: Path) -> Manifest:
    """Reads `manifest.json` of a model folder.

    Raises:
        ModelError: it is missing, damaged or of another format; the message says what to do.
    """
    path = folder / MANIFEST
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(
            f"{folder}: holds no readable {MANIFEST}; name a model folder or install lingyin again"
        ) from error
    except ValueError as error:
        raise ModelError(f"{path}: is damaged ({error}); install lingyin again or export the network again") from error
    known = document.get("format") if isinstance(document, dict) else None
    if known != FORMAT:
        raise ModelError(f"{path}: has format {known!r}, this program reads format {FORMAT}; update lingyin")
    try:
        return Manifest.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelError(f"{path}: {where}: {first['msg']}; export the network again") from error


def read_verified(folder: Path, manifest: Manifest, name: str) -> bytes:
    """The bytes of one file of the folder, checked against the manifest before anything looks into them.

    Raises:
        ModelError: the file is missing, not listed, or not the one that was exported.
    """
    if name not in manifest.sha256:
        raise ModelError(f"{folder}: the manifest does not list {name}; export the network again")
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise ModelError(
            f"{folder / name}: cannot be read; install lingyin again or export the network again"
        ) from error
    if hashlib.sha256(content).hexdigest() != manifest.sha256[name]:
        raise ModelError(f"{folder / name}: has been changed since it was exported (SHA-256 differs); install it again")
    return content

"""The config of a pretraining run as a checked record, read from TOML; a wrong file lists all its mistakes at once."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lingyin.core.errors import UsageError
from lingyin.nets.vit import SIZES, VitArchitecture

Depth = Literal["region", "organ", "view", "full"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EncoderConfig(_Strict):
    """A vision transformer that starts at random (a named size, or `custom` with its own `dim`, `depth` and `heads`),
    or `family = "lite0"`: EfficientNet-lite0 from its ImageNet weights, masked in patches of 32 px."""

    family: Literal["vit", "lite0"] = "vit"
    size: Literal["tiny", "small", "base", "custom"] = "tiny"
    patch: Literal[8, 16, 32] = 16
    registers: int = Field(default=4, ge=0)
    dim: int = Field(default=0, ge=0, multiple_of=4)
    depth: int = Field(default=0, ge=0)
    heads: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _consistent(self) -> EncoderConfig:
        own = (self.dim, self.depth, self.heads)
        if self.size == "custom" and (not all(own) or self.dim % self.heads):
            raise ValueError("a custom encoder needs dim, depth and heads, dim being a multiple of heads")
        if self.size != "custom" and any(own):
            raise ValueError("dim, depth and heads are for size = 'custom' only")
        if (self.family == "lite0") != (self.patch == 32):
            raise ValueError("patch = 32 belongs to family = 'lite0', and the other way round")
        return self

    @property
    def architecture(self) -> VitArchitecture:
        dim, depth, heads = SIZES.get(self.size, (self.dim, self.depth, self.heads))
        return VitArchitecture(self.patch, dim, depth, heads, self.registers)


class DataConfig(_Strict):
    """What is learnt from: train images of the sets, train pictures of a curated corpus, and drawn phantoms.

    `corpus` is the folder or address of what `lingyin curate` made. `cache_px` is the side of the stored pictures;
    `balance` 0 draws every image alike, 1 every set alike.
    """

    sets: Literal["all", "none"] | tuple[str, ...] = "all"
    corpus: str | None = None
    licence: Literal["any", "open"] = "any"
    phantoms: int = Field(default=0, ge=0)
    cache_px: int = Field(default=224, ge=32, multiple_of=16)
    balance: float = Field(default=0.5, ge=0, le=1)
    sources: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _some(self) -> DataConfig:
        if self.sets in ("none", ()) and not self.phantoms and not self.corpus:
            raise ValueError("nothing to learn from: name sets or a corpus, or ask for phantoms")
        return self


class ViewsConfig(_Strict):
    """Strength of each augmentation; 0 switches it off. `least_scale`: smallest share of the side that a crop keeps."""

    least_scale: float = Field(default=0.5, gt=0, le=1)
    rotation_degrees: float = Field(default=15.0, ge=0, le=180)
    flip: bool = True
    depth_gain: float = Field(default=0.4, ge=0, le=1)
    speckle: float = Field(default=0.15, ge=0, le=1)
    shadow: float = Field(default=0.2, ge=0, le=1)
    blur: float = Field(default=0.3, ge=0, le=1)


class MasksConfig(_Strict):
    """How patches are chosen: each one for itself, or in blocks `block` patches wide."""

    kind: Literal["random", "block"] = "random"
    block: int = Field(default=2, ge=2)


class HardConfig(_Strict):
    """Adaptive mining of hard patches: weight of the ranking loss; 0 switches predictor and hard masks off."""

    weight: float = Field(default=0.0, ge=0)


class DecoderConfig(_Strict):
    dim: int = Field(default=128, gt=0, multiple_of=4)
    depth: int = Field(default=2, ge=1)
    heads: int = Field(default=4, ge=1)


class TargetsConfig(_Strict):
    """Weight of each target of reconstruction; 0 switches it off. All off: the structured parts learn alone.

    `teacher` is a frozen ImageNet network, `own` the average of the encoder's own weights as it learns.
    """

    pixels: float = Field(default=1.0, ge=0)
    smooth: float = Field(default=0.0, ge=0)
    gradients: float = Field(default=0.0, ge=0)
    teacher: float = Field(default=0.0, ge=0)
    own: float = Field(default=0.0, ge=0)

    @property
    def some(self) -> bool:
        return any(self.model_dump().values())


class ContrastConfig(_Strict):
    """Structured contrast over the tree down to `tree_depth`; weight 0 switches it off. `pictures` is the weight of the
    leaves below every label: each picture's two views against all other pictures, under a projection of its own."""

    weight: float = Field(default=0.0, ge=0)
    tree_depth: Depth = "view"
    temperature: float = Field(default=0.1, gt=0)
    dim: int = Field(default=64, gt=0)
    pictures: float = Field(default=0.0, ge=0)


class ClassifierConfig(_Strict):
    """Coherent tree classifier down to `tree_depth`; weight 0 switches it off."""

    weight: float = Field(default=0.0, ge=0)
    tree_depth: Depth = "organ"


class OptimiserConfig(_Strict):
    """AdamW with linear warm-up and cosine decay. `batch` pictures make one micro-batch; each gives `views` views.
    `encoder_share` of the rate goes to the encoder, less than all where it starts from learnt weights."""

    rate: float = Field(default=1e-3, gt=0)
    encoder_share: float = Field(default=1.0, gt=0, le=1)
    weight_decay: float = Field(default=0.05, ge=0)
    warmup_steps: int = Field(default=0, ge=0)
    clip: float = Field(default=1.0, gt=0)
    batch: int = Field(default=32, gt=0)
    views: Literal[1, 2] = 1
    accumulate: int = Field(default=1, ge=1)
    bf16: bool = False
    ema_decay: float = Field(default=0.999, ge=0, lt=1)


class StageConfig(_Strict):
    """One stage of the curriculum, up to the share `until` of all steps.

    `hard_share` and `mask_ratio` move linearly from the stage before to these values; `structured` turns contrast and
    classifier on.
    """

    until: float = Field(gt=0, le=1)
    size_px: int = Field(gt=0)
    mask_ratio: float = Field(ge=0, lt=1)
    hard_share: float = Field(default=0.0, ge=0, le=1)
    structured: bool = True


class CheckpointConfig(_Strict):
    every_steps: int = Field(default=500, ge=1)
    every_minutes: float = Field(default=5.0, gt=0)


class PretrainConfig(_Strict):
    """All that decides a run, but for the data and the machine.

    `threads` of the processor, 0 for all: sums of floats depend on how many there are, so a resumed run keeps to it.
    """

    name: str
    seed: int = 0
    threads: int = Field(default=0, ge=0)
    steps: int = Field(gt=0)
    encoder: EncoderConfig = EncoderConfig()
    data: DataConfig = DataConfig()
    views: ViewsConfig = ViewsConfig()
    masks: MasksConfig = MasksConfig()
    hard: HardConfig = HardConfig()
    decoder: DecoderConfig = DecoderConfig()
    targets: TargetsConfig = TargetsConfig()
    contrast: ContrastConfig = ContrastConfig()
    classifier: ClassifierConfig = ClassifierConfig()
    optimiser: OptimiserConfig = OptimiserConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()
    stages: tuple[StageConfig, ...]

    @model_validator(mode="after")
    def _consistent(self) -> PretrainConfig:
        ends = [stage.until for stage in self.stages]
        if not ends or ends != sorted(set(ends)) or ends[-1] != 1.0:
            raise ValueError("stages: `until` must rise from stage to stage and end at 1.0")
        unit = max(self.encoder.patch, 32) if self.targets.teacher else self.encoder.patch
        wrong = sorted({stage.size_px for stage in self.stages if stage.size_px % unit})
        if wrong:
            raise ValueError(f"stages: size_px {wrong} must be multiples of {unit}")
        if self.decoder.dim % self.decoder.heads:
            raise ValueError("decoder: dim must be a multiple of heads")
        if (self.contrast.weight or self.contrast.pictures) and self.optimiser.views != 2:
            raise ValueError("contrast needs optimiser.views = 2")
        if any(stage.hard_share for stage in self.stages) and not self.hard.weight:
            raise ValueError("stages ask for hard patches, but hard.weight is 0")
        if not self.targets.some:
            structured = self.contrast.weight or self.contrast.pictures or self.classifier.weight
            if not structured or self.hard.weight or not all(stage.structured for stage in self.stages):
                raise ValueError("no target of reconstruction is on, and some stage or part needs one")
        return self


def read_config(path: Path, steps: int | None = None, threads: int | None = None) -> PretrainConfig:
    """A config file, with the number of steps and of threads replaced where given.

    Raises:
        UsageError: no such file, not TOML, or wrong keys and values, all of them listed.
    """
    try:
        known: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as a config ({error}); see configs/ for examples") from error
    known |= {name: value for name, value in (("steps", steps), ("threads", threads)) if value is not None}
    try:
        return PretrainConfig.model_validate(known)
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, each['loc'])) or 'config'}: {each['msg']}" for each in error.errors()]
        raise UsageError(f"{path}: {len(lines)} mistakes in the config; mend these\n" + "\n".join(lines)) from error

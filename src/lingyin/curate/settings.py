"""`Settings`: what a build of a corpus does, read from `settings.toml` and changed by the command's options."""

from __future__ import annotations

import functools
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lingyin.core.errors import UsageError
from lingyin.core.paths import packaged
from lingyin.core.tree import read_toml

_STRICT = ConfigDict(frozen=True, extra="forbid")
Share = Annotated[float, Field(ge=0, le=1)]


class DropRules(BaseModel):
    """Thresholds of `suitability`; the comments of `settings.toml` say what each means."""

    model_config = _STRICT

    smallest_side_px: int
    darkest_peak: int
    flattest_spread: float
    page_level: int
    page_share: Share
    colour_level: int
    colour_share: Share
    tint_unity: Share
    flow_unity: Share
    drawing_share: Share


class Settings(BaseModel):
    """All that decides the bytes of a corpus, apart from its sources."""

    model_config = _STRICT

    longest_side_px: Annotated[int, Field(ge=32, le=4096)]
    jpeg_quality: Annotated[int, Field(ge=0, le=100)]
    frames_per_clip: Annotated[int, Field(ge=1)]
    unit_items: Annotated[int, Field(ge=1)]
    shard_mb: Annotated[float, Field(gt=0, le=4096)]
    val_share: Share
    test_share: Share
    seed: Annotated[int, Field(ge=0)]
    clean: Literal["own", "all", "none"]
    drop: DropRules

    def of_pictures(self) -> str:
        """The part that decides what a unit of work holds, as text: splits and shards do not touch it."""
        return self.model_dump_json(exclude={"unit_items", "shard_mb", "val_share", "test_share", "seed"})


@functools.cache
def default_settings() -> Settings:
    """The settings that travel in the package."""
    return Settings(**read_toml(packaged("lingyin.curate", "settings.toml")))


def settings_with(**changes: Any) -> Settings:
    """The default settings with some of them changed; None changes nothing.

    Raises UsageError naming every value that is not possible.
    """
    told = {name: value for name, value in changes.items() if value is not None}
    try:
        settings = Settings(**{**default_settings().model_dump(), **told})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
        raise UsageError(f"these settings are not possible: {wrong}") from error
    if settings.val_share + settings.test_share >= 1:
        raise UsageError("the shares of val and test leave nothing to train on; together they must stay below 1")
    return settings

"""The limits by which descriptors are told, read from `limits.toml`."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lingyin.core.errors import CatalogueError
from lingyin.core.paths import packaged

Pair = tuple[float, float]  # surely not, surely so
Share = Annotated[float, Field(gt=0)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Reference(_Table):
    gap: Share
    width: Share
    least_share: Share
    least_pixels: int = Field(gt=0)


class Fluid(_Table):
    dark: Pair
    cystic: Pair
    solid: Pair
    small_locule: Share
    clear: Pair
    echoes: Share


class Echo(_Table):
    iso: Pair
    very_hypo: Share
    calm: Share


class Proportion(_Table):
    band: Share


class Form(_Table):
    solidity: Pair
    ellipse: Pair
    round: Pair
    detail: Share


class Edge(_Table):
    clarity: Share


class Behind(_Table):
    depth: Share
    gap: Share
    enhanced: Pair
    shadowed: Pair


class Foci(_Table):
    above: Share
    peak: Share
    punctate_mm: Share
    macro_mm: Share
    rim: Share


class Locules(_Table):
    septum: Pair
    line_blur: Share
    line_gap: Share
    line_height: Share
    line_length: Share
    line_width: Share
    smallest: Share
    tissue: Pair
    beside: Share
    solid_mm: Share
    solid: Pair


class Limits(_Table):
    """All limits, by descriptor; see the file for what each means."""

    reference: Reference
    fluid: Fluid
    echo: Echo
    proportion: Proportion
    form: Form
    edge: Edge
    behind: Behind
    foci: Foci
    locules: Locules


@functools.cache
def load_limits() -> Limits:
    """The packaged limits.

    Raises:
        CatalogueError: the file lacks a limit or has a strange one.
    """
    table: Mapping[str, object] = tomllib.loads(
        packaged("lingyin.analyze.describe", "limits.toml").read_text(encoding="utf-8")
    )
    try:
        return Limits.model_validate(MappingProxyType(table))
    except ValidationError as error:
        raise CatalogueError(f"describe/limits.toml: {error}") from error


def decide(value: float, pair: Pair, below: str, above: str) -> frozenset[str]:
    """`above` where the value is beyond the second limit, `below` where it is short of the first, both between.

    The limits may run either way: `(0.88, 0.70)` is passed by falling below 0.70.
    """
    first, second = pair
    rising = second >= first
    short = value <= first if rising else value >= first
    beyond = value >= second if rising else value <= second
    return frozenset({above}) if beyond else frozenset({below}) if short else frozenset({below, above})

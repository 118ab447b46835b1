"""The catalogue of measurements: code, names, unit, caliper convention, public codes; read from `measurements.toml`."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from lingyin.core.errors import CatalogueError
from lingyin.core.paths import packaged
from lingyin.core.tree import Coding, Tree, check_entry, load_tree, parse_codings, parse_names, read_toml

_OPTIONS = frozenset({"en", "zh-Hans", "zh-Hant", "unit", "decimals", "convention", "coding"})


@dataclass(frozen=True, slots=True)
class Measurement:
    """One quantity that a report may state.

    `site` is the tree code of what is measured. `unit` is UCUM ("1" for a bare number). `decimals` is how many are
    shown: never more than the method can bear. `convention` names caliper placement or method where values
    of two conventions must not be compared.
    """

    code: str
    site: str
    name: dict[str, str]
    unit: str
    decimals: int
    convention: str | None = None
    coding: tuple[Coding, ...] = ()


def parse_measurements(document: Mapping[str, Any], tree: Tree) -> dict[str, Measurement]:
    """Measurements of a document whose `[site]` tables list them; CatalogueError on any contradiction."""
    measurements: dict[str, Measurement] = {}
    for site, entries in document.items():
        if site not in tree:
            raise CatalogueError(f"measurements of [{site}]: the tree has no such code")
        for code, entry in entries.items():
            if code in measurements:
                first = measurements[code].site
                raise CatalogueError(f"measurement {code!r} stands twice: under {first!r} and under {site!r}")
            if code in tree:
                raise CatalogueError(f"measurement {code!r} has the code of a node of the tree")
            measurements[code] = _parse_measurement(code, site, entry)
    return measurements


def _parse_measurement(code: str, site: str, entry: object) -> Measurement:
    table = check_entry(code, entry, _OPTIONS)
    unit, decimals = table.get("unit"), table.get("decimals")
    if not isinstance(unit, str) or not unit:
        raise CatalogueError(f"measurement {code!r} has no unit (write '1' for a bare number)")
    if not isinstance(decimals, int) or not 0 <= decimals <= 4:
        raise CatalogueError(f"measurement {code!r}: decimals must be a number from 0 to 4, not {decimals!r}")
    return Measurement(
        code=code,
        site=site,
        name=parse_names(code, table),
        unit=unit,
        decimals=decimals,
        convention=table.get("convention"),
        coding=parse_codings(code, table),
    )


@functools.cache
def load_measurements() -> Mapping[str, Measurement]:
    """The catalogue that travels inside the package, by code, read once per process."""
    document = read_toml(packaged("lingyin.core", "data", "measurements.toml"))
    return MappingProxyType(parse_measurements(document, load_tree()))

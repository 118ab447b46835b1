"""What can be set of each kind of phantom, with units and ranges, and what a seed draws for all that is not set."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from lingyin.core.errors import UsageError

Value = float | str


@dataclass(frozen=True)
class Parameter:
    """A number of a unit within `low` and `high`, or one of `choices`. `bands` are (weight, low, high) to draw from."""

    name: str
    help: str
    unit: str = "1"
    low: float = 0.0
    high: float = 1.0
    whole: bool = False
    choices: tuple[str, ...] = ()
    bands: tuple[tuple[float, float, float], ...] = ()
    drawn_choices: tuple[str, ...] = ()

    @property
    def domain(self) -> str:
        """What is allowed, in words: `10 to 110 mm`."""
        if self.choices:
            return ", ".join(self.choices)
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"{self.low:g} to {self.high:g}{unit}" + (", whole" if self.whole else "")

    def check(self, value: object) -> Value:
        """The value as a number or choice.

        Raises:
            UsageError: not a number, outside the range, or none of the choices.
        """
        if self.choices:
            if value not in self.choices:
                raise UsageError(f"{self.name}={value} is unknown; choose one of {self.domain}")
            return str(value)
        try:
            number = float(str(value))
        except ValueError:
            number = float("nan")
        if not self.low <= number <= self.high or (self.whole and number != int(number)):
            raise UsageError(f"{self.name}={value} is not possible; give {self.domain}")
        return number

    def draw(self, rng: random.Random) -> Value:
        if self.choices:
            return rng.choice(self.drawn_choices)
        _, low, high = rng.choices(self.bands, [weight for weight, _, _ in self.bands])[0]
        return float(rng.randint(round(low), round(high))) if self.whole else rng.uniform(low, high)


@dataclass
class Settled:
    """All values of one phantom; `given` are those that the caller set and that nothing may change."""

    kind: str
    values: dict[str, Value]
    given: frozenset[str]

    def __getitem__(self, name: str) -> float:
        """A number by name."""
        return float(self.values[name])

    def suit(self, name: str, value: float) -> None:
        """Changes a drawn number so that it suits the others; one that was set stays."""
        if name not in self.given:
            self.values[name] = value


def _read(name: str, table: Mapping[str, Any]) -> Parameter:
    if "choices" in table:
        return Parameter(name, table["help"], choices=tuple(table["choices"]), drawn_choices=tuple(table["draw"]))
    bands = table["draw"] if isinstance(table["draw"][0], list) else [[1.0, *table["draw"]]]
    return Parameter(
        name,
        table["help"],
        table["unit"],
        float(table["low"]),
        float(table["high"]),
        bool(table.get("whole")),
        bands=tuple((float(weight), float(low), float(high)) for weight, low, high in bands),
    )


_TABLES = tomllib.loads(files("lingyin.io.phantom").joinpath("parameters.toml").read_text(encoding="utf-8"))
FINDINGS: dict[str, dict[str, Any]] = _TABLES.pop("findings")
MACHINE: dict[str, Parameter] = {name: _read(name, table) for name, table in _TABLES["machine"].items()}
KINDS: tuple[str, ...] = tuple(kind for kind in _TABLES if kind != "machine")


def parameters_of(kind: str) -> dict[str, Parameter]:
    """All parameters of a kind by name, its own first.

    Raises:
        UsageError: unknown kind.
    """
    if kind not in KINDS:
        raise UsageError(f"phantom {kind!r} is unknown; choose one of {', '.join(KINDS)}")
    own = _TABLES[kind]
    machine = _TABLES["machine"]
    merged = {name: {**machine.get(name, {}), **table} for name, table in own.items()}
    names = [name for name in own if name not in machine] + list(machine)
    return {name: _read(name, merged.get(name) or machine[name]) for name in names}


def settle(kind: str, seed: int, settings: Mapping[str, object]) -> Settled:
    """Checks what is set and draws the rest, each value from a stream of its own: setting one changes no other.

    Raises:
        UsageError: unknown kind or name, or a value outside its range.
    """
    known = parameters_of(kind)
    for name in settings:
        if name not in known:
            listed = "; ".join(f"{each.name} ({each.domain})" for each in known.values())
            raise UsageError(f"phantom {kind} has no setting {name!r}; it has {listed}")
    values: dict[str, Value] = {}
    for name, parameter in known.items():
        drawn = parameter.draw(random.Random(f"{kind}/{seed}/{name}"))
        values[name] = parameter.check(settings[name]) if name in settings else drawn
    return Settled(kind, values, frozenset(settings))


def findings_of(measurements: Mapping[str, float]) -> list[str]:
    """Codes of the findings that hold for exact measurements in the units of the catalogue."""
    return [code for code, rule in FINDINGS.items() if _holds(rule, measurements.get(str(rule["measurement"])))]


def _holds(rule: Mapping[str, Any], value: float | None) -> bool:
    if value is None:
        return False
    return bool(
        value >= rule.get("at_least", value)
        and value < rule.get("below", float("inf"))
        and value > rule.get("above", float("-inf"))
    )

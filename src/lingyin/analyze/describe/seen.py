"""What a describer gives back: which values are possible, and the numbers they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sighting:
    """One aspect of a lesion: its name, the values that fit what was seen, and what was measured for it.

    More than one value means that the picture does not settle it. `numbers` are shown to the reader (by name).
    """

    aspect: str
    possible: frozenset[str]
    numbers: Mapping[str, float] = field(default_factory=dict)


def agreed(sightings: Iterable[Sighting]) -> Sighting:
    """One sighting of several frames: a value stays possible if at least half of the frames leave it possible.

    The numbers are those of the middle frame by the first number. Raises ValueError where there is none.
    """
    listed = list(sightings)
    if not listed:
        raise ValueError("no sightings to join")
    values = {value for each in listed for value in each.possible}
    kept = {value for value in values if 2 * sum(value in each.possible for each in listed) >= len(listed)}
    ordered = sorted(listed, key=lambda each: next(iter(each.numbers.values()), 0.0))
    return Sighting(listed[0].aspect, frozenset(kept or values), ordered[len(ordered) // 2].numbers)

"""Numbers out of DICOM elements that may be absent, empty, single, multiple or malformed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any


def numbers(value: Any) -> list[float]:
    """The finite numbers of an element's value, in order; empty if any of them is no finite number."""
    if value is None or value == "":
        return []
    found = []
    for part in value if isinstance(value, Iterable) and not isinstance(value, str | bytes) else [value]:
        try:
            found_number = float(part)
        except (TypeError, ValueError):
            return []
        if not math.isfinite(found_number):
            return []
        found.append(found_number)
    return found


def number(value: Any) -> float | None:
    """The first finite number of an element's value, or None."""
    found = numbers(value)
    return found[0] if found else None

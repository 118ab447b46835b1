"""`Edit`: one correction as a physician states it, read from `edits.json`, the command line or the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from lingyin.core.errors import InputError, UsageError
from lingyin.core.study import Certainty, Laterality, Point, Record

MOST_EDITS = 200
Number = Annotated[float, Field(allow_inf_nan=False)]
Spot = Annotated[Point, Field(description="pixels (x, y) of the stored frame")]


class Caliper(Record):
    """Two points on one frame (0-based)."""

    frame: int = Field(ge=0)
    points: tuple[Spot, Spot]


class Outline(Record):
    """Closed polygons around a structure (code of the tree) on one frame (0-based)."""

    frame: int = Field(ge=0)
    label: str
    polygons: Annotated[list[Annotated[list[Spot], Field(min_length=3, max_length=4000)]], Field(max_length=50)]


class Edit(Record):
    """One correction. `finding` is the index in the report's findings, needed where a code stands there twice.

    `set` changes what is given of value, certainty, side, caliper and outline; `reject` takes the finding out of the
    report; `add` states one that the program missed.
    """

    action: Literal["set", "reject", "add"]
    code: Annotated[str, Field(min_length=1, max_length=100)]
    finding: int | None = Field(default=None, ge=0)
    value: Number | None = Field(default=None, description="in the finding's unit")
    certainty: Certainty | None = None
    laterality: Laterality | None = None
    caliper: Caliper | None = None
    outline: Outline | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Edit:
        given = (self.value, self.certainty, self.laterality, self.caliper, self.outline)
        if self.action == "reject" and any(each is not None for each in given):
            raise ValueError("a rejected finding can have no new value")
        if self.action == "set" and all(each is None for each in given):
            raise ValueError("nothing is set; give value, certainty, laterality, caliper or outline")
        return self


_EDITS: TypeAdapter[list[Edit]] = TypeAdapter(Annotated[list[Edit], Field(max_length=MOST_EDITS)])


def parse_edits(path: Path) -> list[Edit]:
    """The edits of a JSON file: a list, or an object whose `edits` is one.

    Raises:
        InputError: the file cannot be read, or an edit is wrong; all that is wrong is named.
    """
    remedy = "see docs/how-to/sign.md for its form"
    try:
        content = json.loads(path.read_bytes())
        return _EDITS.validate_python(content["edits"] if isinstance(content, dict) else content)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", remedy) from error
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'it'}: {each['msg']}" for each in error.errors())
        raise InputError(path, told, remedy) from error
    except (ValueError, KeyError) as error:
        raise InputError(path, "is no JSON list of edits", remedy) from error


def parse_set(text: str) -> Edit:
    """`CODE=VALUE` of the command line: a number, `present`, `absent`, `unsure`, `left`, `right` or `bilateral`.

    Raises:
        UsageError: it has another form.
    """
    code, _, value = text.partition("=")
    code, value = code.strip(), value.strip()
    try:
        if value in {each.value for each in Certainty}:
            return Edit(action="set", code=code, certainty=Certainty(value))
        if value in {each.value for each in Laterality}:
            return Edit(action="set", code=code, laterality=Laterality(value))
        return Edit(action="set", code=code, value=float(value))
    except ValueError as error:
        choices = ", ".join((*Certainty, *Laterality))
        raise UsageError(f"--set {text}: write CODE=VALUE with a number, or one of {choices}") from error

"""The benchmark's applications as checked records, read from `applications.toml`."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lingyin.core.errors import CatalogueError, UsageError
from lingyin.core.labels import dataset_labels
from lingyin.core.paths import packaged
from lingyin.tasks.degrade import Harm

Task = Literal["classify", "segment", "detect", "landmark", "measure", "enhance", "describe"]
FitKind = Literal["classify", "regress", "masks", "facts", "restore"]
Reading = Literal["ellipse_ends", "ellipse_circumference", "band_thickness", "area_change"]
FITS: dict[str, tuple[str, ...]] = {
    "classify": ("classify",),
    "segment": ("masks",),
    "detect": ("masks",),
    "landmark": ("masks",),
    "measure": ("masks", "regress"),
    "enhance": ("restore",),
    "describe": ("facts",),
}  # what each task can be read from
LOWER_IS_BETTER = frozenset({"mean absolute error", "mean radial error"})


class Fit(BaseModel):
    """What one model learns: a kind of answer from some columns of one set. Applications with the same fit share it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    set: str
    kind: FitKind
    columns: tuple[str, ...]
    labels: tuple[str, ...] = ()  # in rising order, for ordinal columns
    harm: Harm | None = None

    @property
    def key(self) -> str:
        """Name of the fit in file names."""
        words = (*(column.removeprefix("mask_") for column in self.columns), *([self.harm] if self.harm else []))
        return "-".join((self.set, self.kind, *words))


class Application(BaseModel):
    """One row of the benchmark's table: what is asked of which set, and the metric that decides."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    set: str
    task: Task
    fit: FitKind
    columns: tuple[str, ...] = ()
    harm: Harm | None = None
    metric: str
    unit: str = ""
    positive: tuple[str, ...] = ()
    ordinal: tuple[str, ...] = ()
    vote: bool = False
    truth: str = ""
    read: Reading | None = None
    claimed: bool = True
    quick: bool = False
    transfer: bool = Field(default=False, description="part of the matrix from task to task")
    note: str = Field(default="", description="a trap of the data that the table repeats")

    @property
    def learnt(self) -> Fit:
        """The fit that this application is read from."""
        return Fit(set=self.set, kind=self.fit, columns=self.columns, labels=self.ordinal, harm=self.harm)

    @property
    def lower_is_better(self) -> bool:
        return self.metric in LOWER_IS_BETTER

    @model_validator(mode="after")
    def _consistent(self) -> Application:
        if self.fit not in FITS[self.task]:
            raise ValueError(f"{self.name}: a {self.task} task cannot be read from the fit {self.fit!r}")
        if (self.harm is None) == (self.fit == "restore"):
            raise ValueError(f"{self.name}: `harm` says what is restored, and stands with the fit 'restore' only")
        if self.fit == "masks" and not all(column.startswith("mask_") for column in self.columns):
            raise ValueError(f"{self.name}: the fit 'masks' needs mask columns")
        if (self.task == "landmark" or (self.task == "measure" and self.fit == "masks")) and self.read is None:
            raise ValueError(f"{self.name}: `read` must say how points or numbers are read from the outline")
        said = dataset_labels().get(self.set)
        if said is None:
            raise ValueError(f"{self.name}: there is no set {self.set!r}")
        known = {*said.labels, *said.structures, *said.measurements}
        unknown = sorted({*self.columns, *([self.truth] if self.truth else [])} - known)
        if unknown:
            raise ValueError(f"{self.name}: {self.set} has no column {', '.join(unknown)}")
        for label in (*self.positive, *self.ordinal):
            if label not in said.labels[self.columns[0]]:
                raise ValueError(f"{self.name}: {self.columns[0]} has no label {label!r}")
        return self


def parse_applications(text: str) -> tuple[Application, ...]:
    """Applications of a TOML document.

    Raises:
        CatalogueError: an application contradicts the catalogue of sets, or two have one name; all mistakes are listed.
    """
    found, wrong = [], []
    for table in tomllib.loads(text)["application"]:
        try:
            found.append(Application.model_validate(table))
        except ValidationError as error:
            wrong += [f"{table.get('name', '?')}: {each['msg']}" for each in error.errors()]
    names = [each.name for each in found]
    wrong += sorted({f"{name}: named twice" for name in names if names.count(name) > 1})
    if wrong:
        raise CatalogueError("the benchmark's applications are wrong: " + "; ".join(wrong))
    return tuple(found)


@functools.cache
def load_applications() -> tuple[Application, ...]:
    """The applications that travel in the package, read once per process."""
    return parse_applications(packaged("lingyin.bench", "applications.toml").read_text(encoding="utf-8"))


def select_applications(only: Sequence[str] = (), *, quick: bool = False) -> tuple[Application, ...]:
    """All applications, the quick ones, or those whose name, set or task is listed in `only`.

    Raises:
        UsageError: a word of `only` fits nothing; the message lists all names.
    """
    every = load_applications()
    if not only:
        return tuple(each for each in every if each.quick or not quick)
    absent = [word for word in only if not any(word in (each.name, each.set, each.task) for each in every)]
    if absent:
        names = ", ".join(each.name for each in every)
        raise UsageError(f"no application, set or task is called {', '.join(map(repr, absent))}; there are: {names}")
    return tuple(each for each in every if {each.name, each.set, each.task} & set(only))

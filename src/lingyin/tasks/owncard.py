"""The card of an adapted model: what it learnt from, what was tried, what won, and what nobody may conclude."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lingyin.runtime.manifest import Manifest
from lingyin.tasks.deliver import replaced
from lingyin.tasks.entry import Described
from lingyin.tasks.own.gather import Gathered

LIMITS = """\
- Research use only. Not a medical device.
- Validation chose the way of learning, when to stop, and the calibration: its scores flatter, those on test do not.
- Learnt from the pictures counted above and no others: expect lower scores on other scanners and other people.
- All heads of the base network that are still listed answer exactly as before."""


@dataclass(frozen=True)
class Trial:
    """One way of learning with its validation loss and metrics."""

    mode: str
    loss: float
    metrics: Mapping[str, float]


class Asked(Protocol):
    """The part of a request that a card tells."""

    @property
    def encoder(self) -> str | None: ...
    @property
    def budget(self) -> float: ...
    @property
    def seed(self) -> int: ...


def write_own_card(
    data: Gathered, described: Described, trials: Sequence[Trial], won: str, test: Mapping[str, float],
    base: Manifest, asked: Asked,
) -> str:  # fmt: skip
    """Markdown."""
    entry, task = described.entry, data.task
    gone = [head.name for head in base.heads if replaced(head, entry)]
    subjects = {name: len({each.subject for each in examples}) for name, examples in data.splits.items()}
    lines = [
        f"# {base.name} with the head {entry.name}",
        "",
        f"Task: {task.kind}. Base network: {base.name} {base.version}. Encoder: {asked.encoder or 'that of the base'}.",
        f"Won on validation: **{won}**. Seed {asked.seed}, {asked.budget:.0%} of the training labels.",
        "",
        "| split | pictures | subjects |",
        "|---|---|---|",
        *(f"| {name} | {len(examples)} | {subjects[name]} |" for name, examples in data.splits.items()),
        "",
        f"Splits: {'given with the data' if data.own_split else 'drawn by subject'}.",
        "",
        "| label | code |",
        "|---|---|",
        *(f"| {called} | {code} |" for called, code in zip(described.called, entry.labels, strict=True)),
        "",
        _speaks(described),
    ]
    if gone:
        lines += ["", f"Left out of the base network, because this head speaks in their place: {', '.join(gone)}."]
    names = list(dict.fromkeys(name for trial in trials for name in trial.metrics))
    lines += ["", f"| on val | loss | {' | '.join(names)} |", "|---" * (2 + len(names)) + "|"]
    for trial in trials:
        values = " | ".join(f"{trial.metrics.get(name, float('nan')):.3f}" for name in names)
        lines.append(f"| {trial.mode} | {trial.loss:.3f} | {values} |")
    if test:
        lines += [
            "",
            "| on test | value |",
            "|---|---|",
            *(f"| {name} | {value:.3f} |" for name, value in test.items()),
        ]
    glance = described.glance
    lines += [
        "",
        f"{glance.novel} of {glance.pictures} pictures were unlike anything the base network was trained on; its",
        "measure of novelty now knows them.",
        "",
        "## Limits",
        "",
        LIMITS,
    ]
    return "\n".join(lines) + "\n"


def _speaks(described: Described) -> str:
    if described.spoken:
        return f"`lingyin analyze` speaks of these labels where it recognises: {described.organ}."
    return (
        "`lingyin analyze` does not speak of this head (see its help for --organ and --code); `lingyin predict` does."
    )

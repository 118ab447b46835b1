"""Adapting: a user's data in, a model folder out. A head on the frozen encoder first; tuning where there is enough to
learn from; validation decides, and the card says which won."""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from lingyin.core.files import write_file
from lingyin.core.paths import packaged
from lingyin.nets.graft import round_to_half
from lingyin.runtime.manifest import Manifest, default_folder, read_manifest
from lingyin.tasks.classify import Classify, by_video
from lingyin.tasks.contract import Floats, Needs, Shape, Task
from lingyin.tasks.deliver import Base, Delivery, deliver
from lingyin.tasks.encoders import load_encoder, shape_of
from lingyin.tasks.entry import Described, describe_head
from lingyin.tasks.features import make_bank
from lingyin.tasks.fit import Fitted, Fold, fit, join, settings_for
from lingyin.tasks.glance import check_export, glance
from lingyin.tasks.own.gather import Gathered, gather
from lingyin.tasks.own.labels import Wanted
from lingyin.tasks.own.pictures import make_views
from lingyin.tasks.owncard import Trial, write_own_card
from lingyin.tasks.sheet import write_sheet
from lingyin.tasks.tune import Mode, TuneSettings, tune
from lingyin.tasks.unseen import ENOUGH, Unseen, cross_answers

Say = Callable[[str], None]
Choice = Literal["auto", "frozen", "lora", "full"]
LOG = "log"


@dataclass(frozen=True)
class Request:
    """What `lingyin adapt` was asked: data, task, where to; `encoder` and `base` as names or folders, None for the
    packaged ones; `budget` of labels; `organ` and `codes` (label to code) where naming cannot find them."""

    source: Path
    out: Path
    wanted: Wanted
    encoder: str | None = None
    base: Path | None = None
    budget: float = 1.0
    mode: Choice = "auto"
    organ: str | None = None
    codes: Mapping[str, str] | None = None
    seed: int = 0


@dataclass(frozen=True)
class Adapted:
    """What came out: the manifest, how the head is named there, every trial with its validation scores, and the scores
    on the test split, if there is one."""

    manifest: Manifest
    described: Described
    trials: tuple[Trial, ...]
    won: str
    test: dict[str, float]
    counts: dict[str, int]
    seconds: float


def settings() -> dict[str, Any]:
    """The packaged settings of adapting."""
    return tomllib.loads(packaged("lingyin.tasks", "adapt.toml").read_text(encoding="utf-8"))


def adapt(request: Request, say: Say = lambda _: None) -> Adapted:
    """Learns, chooses, calibrates and writes a model folder with a log of pictures.

    Raises:
        InputError: the data need mending; all problems are listed at once.
        UsageError: an unknown task, encoder, organ or code.
        ModelError: the base network or encoder is damaged.
    """
    started = time.monotonic()
    base = Base(folder := request.base or default_folder(), read_manifest(folder))
    say(f"reading {request.source}")
    data = gather(request.source, request.wanted, request.seed, request.budget)
    counts = {name: len(each) for name, each in data.splits.items()}
    say(f"{counts['train']} pictures to learn from, {counts['val']} to choose by, {counts['test']} to test on")
    encoder = round_to_half(load_encoder(request.encoder if request.encoder is not None else base.folder))
    work = _Work(request, data, encoder, base.manifest.input_size, say)
    best, unseen = work.calibrated(work.best())
    plain = [square for name in ("train", "val") for square in work.squares[name] if square.plain]
    own = glance(base.folder, plain)
    spoken = [label for head in base.manifest.heads if head.task == "classify" for label in head.labels]
    described = describe_head(data, best.fitted, own, request, unseen, spoken)
    test = work.scores(best, "test") if counts["test"] else {}
    trials = tuple(Trial(each.mode, each.fitted.loss, work.scores(each, "val")) for each in work.done)
    card = write_own_card(data, described, trials, best.mode, test, base.manifest, request)
    say(f"writing {request.out}")
    manifest = deliver(
        request.out,
        base,
        Delivery(
            fitted=best.fitted,
            entry=described.entry,
            encoder=best.encoder,
            shares=best.mode == "frozen" and request.encoder is None,
            own=own.features,
            card=card,
            saw={data.table.name: counts["train"]},
        ),
    )
    check_export(request.out, best.fitted, described.entry, work.squares["val"], work.val_raw(best))
    work.write_log(request.out / LOG)
    return Adapted(manifest, described, trials, best.mode, test, counts, time.monotonic() - started)


@dataclass(frozen=True)
class _Candidate:
    """One way of learning with what came of it."""

    mode: Mode
    fitted: Fitted
    encoder: Any


class _Work:
    """The examples on the square, the features of the frozen encoder, and the candidates tried so far."""

    def __init__(self, request: Request, data: Gathered, encoder: Any, size: int, say: Say) -> None:
        self.request, self.encoder, self.say = request, encoder, say
        self.task: Task[Any, Any] = data.task
        self.shape: Shape = shape_of(encoder, size)
        self.config = settings()
        self.pictures = len(data.splits["train"])
        views = self._views()
        mirror = self.task.kind != "landmark"
        self.squares = {
            name: make_views(self.task, examples, size, views if name == "train" else 1, request.seed, mirror=mirror)
            for name, examples in data.splits.items()
        }
        say(f"computing features of {sum(map(len, self.squares.values()))} views")
        self.frozen = {name: self._fold(encoder, name) for name in self.squares if self.squares[name]}
        self.done: list[_Candidate] = []

    def _views(self) -> int:
        limits = self.config["views"][self.task.needs.value]
        return max(1, min(int(limits["most"]), int(limits["together"]) // max(1, self.pictures)))

    def _fold(self, encoder: Any, name: str) -> Fold:
        squares = self.squares[name]
        images = np.stack([square.image for square in squares])
        bank = make_bank(encoder, images, self.task.needs)
        return Fold(bank, [each.label for each in squares], np.array([each.example.subject for each in squares]))

    def best(self) -> _Candidate:
        """Tries the frozen head, then tuning where asked or where there is enough to learn from; val decides."""
        seed = self.request.seed
        self.say("learning a head on the frozen encoder")
        start = fit(
            self.task, self.shape, self.frozen["train"], self.frozen["val"], settings_for(self.task.needs, seed=seed)
        )
        self._add(_Candidate("frozen", start, self.encoder))
        for mode in self._modes():
            self.say(f"tuning the encoder: {mode}")
            tuned = tune(
                start, self.encoder, mode, self.frozen["train"], self.frozen["val"],
                TuneSettings(**self.config["tune"], seed=seed),
            )  # fmt: skip
            self._add(_Candidate(mode, tuned.fitted, tuned.encoder))
        if self.request.mode != "auto":
            return next(each for each in self.done if each.mode == self.request.mode)
        return min(self.done, key=lambda each: self._rank(each.fitted))

    def calibrated(self, candidate: _Candidate) -> tuple[_Candidate, Unseen]:
        """The candidate with what pictures that it has not learnt from say of its certainty, and its answers to them:
        those of val; where val is small, and the head learnt on vectors of the frozen encoder, all pictures in turn."""
        val = self.frozen["val"]
        own = Unseen(self.val_raw(candidate), val.labels)
        if candidate.mode != "frozen" or self.task.needs is not Needs.POOLED or len(val.labels) >= ENOUGH:
            return candidate, own
        self.say(f"{len(val.labels)} pictures are few to judge certainty by: every picture is judged by the others")
        squares = [*self.squares["train"], *self.squares["val"]]
        plain = np.array([square.plain for square in squares])
        settings = settings_for(self.task.needs, seed=self.request.seed)
        unseen = cross_answers(candidate.fitted, join(self.frozen["train"], val), plain, settings)
        fitted = replace(candidate.fitted, calibration=self.task.calibrate(unseen.raw, unseen.labels))
        at = self.done.index(candidate)
        self.done[at] = replace(candidate, fitted=replace(fitted, metrics=fitted.score(val)))
        return self.done[at], unseen

    def _modes(self) -> list[Mode]:
        tunable: tuple[Mode, ...] = ("lora", "full")
        if self.request.mode != "auto":
            return [mode for mode in tunable if mode == self.request.mode]
        return [mode for mode in tunable if self.pictures >= int(self.config["modes"][mode])]

    def _add(self, candidate: _Candidate) -> None:
        self.done.append(candidate)
        by = self.task.chooses_by
        self.say(f"{candidate.mode}: {by} {candidate.fitted.metrics[by]:.3f} on val")

    def _rank(self, fitted: Fitted) -> tuple[float, float]:
        """Lower is better: the task's metric, then the loss where val is too small to tell."""
        value = fitted.metrics[self.task.chooses_by]
        if np.isnan(value):
            return (0.0, fitted.loss)
        return (-value if self.task.higher_is_better else value, fitted.loss)

    def fold(self, candidate: _Candidate, name: str) -> Fold:
        """A split with the features of the candidate's encoder."""
        return self.frozen[name] if candidate.encoder is self.encoder else self._fold(candidate.encoder, name)

    def scores(self, candidate: _Candidate, name: str) -> dict[str, float]:
        """The task's metrics over the pictures of a split; where frames of clips were judged one by one, also those
        over whole clips (`clip_...`)."""
        fold, task = self.fold(candidate, name), self.task
        said = candidate.fitted.predict(fold.bank)
        found = task.metrics(said, fold.labels)
        clips = [str(each.example.path) for each in self.squares[name]]
        if isinstance(task, Classify) and task.mode != "several" and len(set(clips)) < len(clips):
            names, joined = by_video(said, clips)
            labels = [fold.labels[clips.index(clip)] for clip in names]
            found |= {f"clip_{key}": value for key, value in task.metrics(joined, labels).items()}
        return found

    def val_raw(self, candidate: _Candidate) -> Floats:
        """Raw outputs on val."""
        return candidate.fitted.raw(self.fold(candidate, "val").bank)

    def write_log(self, folder: Path) -> None:
        """Contact sheets of the val predictions of every candidate, and how each learnt."""
        for each in self.done:
            said = each.fitted.predict(self.fold(each, "val").bank)
            write_sheet(folder / f"val-{each.mode}.png", self.task, self.squares["val"], said)
        lines = {
            each.mode: {"metrics": each.fitted.metrics, "loss": each.fitted.loss, "history": each.fitted.history}
            for each in self.done
        }
        write_file(folder / "learning.json", (json.dumps(lines, indent=1) + "\n").encode())

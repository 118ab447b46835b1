"""Ablation: the same budget with each part off in turn and several seeds, measured by a probe on val.

Every finished run and every answer of a probe is kept, so that a killed ablation goes on where it stopped.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lingyin.bench.metrics import macro_f1, resamples
from lingyin.bench.parts import ALL, variants
from lingyin.core.errors import UsageError
from lingyin.core.files import write_file
from lingyin.nets.lite0 import Lite0
from lingyin.nets.vit import Vit
from lingyin.nets.weights import load_encoder
from lingyin.pretrain.config import PretrainConfig
from lingyin.pretrain.loop import ENCODER, Watch, pretrain
from lingyin.pretrain.probe import Answer

DRAWS = 500
ANSWERS = "answers.npz"
Ints = NDArray[np.integer[Any]]


class Probe(Protocol):
    """Asks a frozen encoder about labelled pictures; `name` says what with, answers come by the name of the task."""

    name: str

    def __call__(self, net: Vit | Lite0) -> dict[str, Answer]: ...


@dataclass(frozen=True)
class Trial:
    """One variant with one seed, and its answers."""

    variant: str
    seed: int
    answers: dict[str, Answer]


def ablate(
    config: PretrainConfig,
    out: Path,
    seeds: Sequence[int],
    probe: Probe,
    watch: Callable[[str], Watch] | None = None,
) -> list[Trial]:
    """Trains and measures what is not there yet, under `out`; all trials, variant by variant.

    Raises:
        UsageError: a folder there belongs to another config; no part of the config can be switched off.
        ModelError, OutputError: as `pretrain`.
    """
    trials = []
    for variant, changed in variants(config).items():
        for seed in seeds:
            one = changed.model_copy(update={"seed": seed})
            folder = out / f"{variant.replace(' ', '-')}-seed{seed}"
            encoder = folder / ENCODER
            if not encoder.is_file() or not _is_of(folder, one):
                told = watch(f"{variant}, seed {seed}") if watch else None
                pretrain(one, folder, resume=True, watch=told, cache=out / "cache")
            trials.append(Trial(variant, seed, _answers(folder, encoder, probe)))
    return trials


def _is_of(folder: Path, config: PretrainConfig) -> bool:
    """Whether a finished run has this config. A run of another one is refused by its checkpoint."""
    try:
        return bool(json.loads((folder / "card.json").read_text("utf-8"))["config"] == config.model_dump(mode="json"))
    except (OSError, ValueError, KeyError):
        return False


def _answers(folder: Path, encoder: Path, probe: Probe) -> dict[str, Answer]:
    """The probe's answers, kept beside the weights for as long as these and the probe stay the same."""
    net = load_encoder(encoder)
    mark = json.dumps([probe.name, encoder.stat().st_mtime_ns, encoder.stat().st_size])
    try:
        with np.load(folder / ANSWERS, allow_pickle=False) as kept:
            if str(kept["mark"]) == mark:
                return {
                    name: Answer(tuple(kept[f"{index}.labels"].tolist()), *(kept[f"{index}.{part}"] for part in _PARTS))
                    for index, name in enumerate(kept["names"].tolist())
                }
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        pass  # absent or damaged: asked again
    found = probe(net)
    arrays: dict[str, Any] = {"mark": np.array(mark), "names": np.array(list(found))}
    for index, answer in enumerate(found.values()):
        arrays[f"{index}.labels"] = np.array(answer.labels)
        arrays |= {f"{index}.{part}": getattr(answer, part) for part in _PARTS}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_file(folder / ANSWERS, buffer.getvalue())
    return found


_PARTS = ("probabilities", "truth", "subjects")


def table(trials: Sequence[Trial], draws: int = DRAWS) -> list[dict[str, Any]]:
    """Rows in the form of the result files: mean macro-F1 of each variant, and the effect of each part.

    The effect is the score with all parts less that without the one; its 95 % interval draws seeds and, within every
    task, subjects, the same ones for both sides.

    Raises:
        UsageError: trials of one seed are missing.
    """
    scores = _Scores(trials)
    rows = []
    for variant in scores.variants:
        rows.append(scores.row(variant, "macro-F1", lambda at, v=variant: scores.mean(v, at), draws))  # type: ignore[misc]
    for variant in scores.variants[1:]:
        effect = lambda at, v=variant: scores.mean(ALL, at) - scores.mean(v, at)  # noqa: E731
        name = variant.removeprefix("without ")
        rows.append(scores.row(name, "effect on macro-F1", effect, draws))
    return rows


@dataclass(frozen=True)
class _Draw:
    """Which seeds, and which pictures of each task."""

    seeds: Ints
    pictures: dict[str, Ints]


class _Scores:
    """Hits of all trials, and means over drawn seeds and subjects."""

    def __init__(self, trials: Sequence[Trial]) -> None:
        self.variants = list(dict.fromkeys(trial.variant for trial in trials))
        self.seeds = sorted({trial.seed for trial in trials})
        self.answers = {(trial.variant, trial.seed): trial.answers for trial in trials}
        if len(self.answers) != len(self.variants) * len(self.seeds) or ALL not in self.variants:
            raise UsageError("some trials of the ablation are missing; run it again, it goes on where it stopped")
        first = next(iter(self.answers.values()))
        self.tasks = {name: answer.subjects for name, answer in first.items()}
        self.predicted = {
            key: {name: answer.probabilities.argmax(1) for name, answer in answers.items()}
            for key, answers in self.answers.items()
        }

    def mean(self, variant: str, at: _Draw) -> float:
        """Mean macro-F1 over tasks and seeds."""
        each = []
        for number in at.seeds:
            key = variant, self.seeds[int(number)]
            for name, pictures in at.pictures.items():
                truth = self.answers[key][name].truth
                each.append(macro_f1(self.predicted[key][name][pictures], truth[pictures]))
        return float(np.mean(each))

    def row(self, method: str, metric: str, statistic: Callable[[_Draw], float], draws: int) -> dict[str, Any]:
        generator, count = np.random.default_rng(0), len(self.seeds)
        pictures: dict[str, Ints] = {name: np.arange(len(subjects)) for name, subjects in self.tasks.items()}
        value = statistic(_Draw(np.arange(count), pictures))
        redrawn = {
            name: resamples(subjects, draws, number) for number, (name, subjects) in enumerate(self.tasks.items())
        }
        drawn = [
            statistic(
                _Draw(generator.integers(count, size=count), {name: next(each) for name, each in redrawn.items()})
            )
            for _ in range(draws)
        ]
        low, high = np.percentile(drawn, (2.5, 97.5))
        return {
            "application": f"mean of {len(self.tasks)} probes",
            "task": "classify",
            "method": method,
            "labels": f"{len(self.seeds)} seeds, logistic probe on val",
            "metric": metric,
            "value": round(value, 4),
            "low": round(float(low), 4),
            "high": round(float(high), 4),
            "n": sum(map(len, pictures.values())),
        }

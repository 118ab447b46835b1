"""Frozen features side by side: encoders of our runs, the ImageNet floor, and both together, on one logistic probe.

Chosen on val; the test split only by an explicit word. Writes `docs/results/probe-*.json`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from lingyin.bench.metrics import bootstrap, macro_auroc, macro_f1
from lingyin.core.errors import UsageError
from lingyin.core.files import write_file
from lingyin.core.paths import data_root
from lingyin.nets.convert import Compiled
from lingyin.nets.lite0 import fold, imagenet_lite0
from lingyin.nets.readout import LastLayer, SeveralLevels, readout
from lingyin.nets.weights import load_encoder
from lingyin.pretrain import probe
from lingyin.pretrain.loop import ENCODER
from lingyin.pretrain.record import commit, machine

FLOOR = "ImageNet EfficientNet-lite0, 224 px"
LEVELS = "ImageNet EfficientNet-lite0, several levels"
DRAWS = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="*", type=Path, help="folders of runs, or encoder.safetensors files")
    parser.add_argument("--split", choices=("val", "test"), default="val")
    parser.add_argument("--size", type=int, default=224, help="side of the pictures in pixels")
    parser.add_argument("--only", nargs="*", help="names of probes; all by default")
    parser.add_argument("--cache", type=Path, default=Path("runs/probe-cache"), help="keeps the floor's features")
    parser.add_argument("--name", help="of the result file; the first run's name by default")
    words = parser.parse_args()
    encoders = read_encoders(words.runs, words.size)
    rows = measure(encoders, words.split, words.cache, words.only)
    for row in rows:
        print(f"{row['application']:24} {row['metric']:12} {row['value']:.3f}  {row['method']}")
    name = words.name or f"probe-{next((n for n in encoders if n not in (FLOOR, LEVELS)), 'floor')}-{words.split}"
    result = {
        "command": " ".join(["scripts/probe-encoder", *sys.argv[1:]]),
        "commit": commit(),
        "machine": machine(),
        "seeds": [0],
        "rows": rows,
    }
    target = Path("docs/results") / f"{name}.json"
    write_file(target, (json.dumps(result, indent=1, ensure_ascii=False) + "\n").encode(), durable=True)
    print(target)


def read_encoders(runs: Sequence[Path], side: int) -> dict[str, tuple[probe.Extract, int]]:
    """What is measured, by name: the floor, the floor's network read at several levels, and the encoders of `runs`."""
    lite0 = fold(imagenet_lite0().eval()).eval()
    encoders: dict[str, tuple[probe.Extract, int]] = {
        FLOOR: (_compiled(LastLayer(lite0, lite0.dim)), probe.FLOOR_PX),
        LEVELS: (_compiled(SeveralLevels(lite0)), probe.FLOOR_PX),
    }
    for run in runs:
        path = run / ENCODER if run.is_dir() else run
        encoders[path.parent.name] = (_compiled(readout(load_encoder(path))), side)
    return encoders


def _compiled(module: nn.Module) -> probe.Extract:
    net = Compiled(module, bf16=True)
    return lambda images: net(images)[0]


def measure(
    encoders: dict[str, tuple[probe.Extract, int]], split: str, cache: Path, only: list[str] | None = None
) -> list[dict[str, Any]]:
    """Rows of the result table; each encoder alone, and each but the floor beside the floor's features."""
    root = data_root()
    if root is None:
        raise UsageError("the data sets are absent: set LINGYIN_DATA")
    tasks = [task for task in probe.load_probes() if not only or task.name in only]
    rows: list[dict[str, Any]] = []
    scores: dict[str, list[tuple[probe.ProbeTask, probe.Answer]]] = {}
    kept: dict[str, tuple[probe.Rows, dict[str, probe.Floats]]] = {}
    for task in tasks:
        if task.dataset not in kept:
            kept[task.dataset] = _features(root / task.dataset, encoders, split, cache)
        table, features = kept[task.dataset]
        for method, values in features.items():
            answer = probe.fit_probe(values, table, task.column, split)
            scores.setdefault(method, []).append((task, answer))
            rows += _score(task, method, answer, int((table.splits == "train").sum()))
    rows += [_gain(method, scores) for method in scores if method != FLOOR]
    return rows


def _features(
    folder: Path, encoders: dict[str, tuple[probe.Extract, int]], split: str, cache: Path
) -> tuple[probe.Rows, dict[str, probe.Floats]]:
    """Features of every encoder, and of each run's beside those of the ImageNet network, read at several levels."""
    table = probe.read_rows(folder, ("train", split))
    found: dict[str, probe.Floats] = {}
    for method, (extract, side) in encoders.items():
        stored = cache / f"{'levels' if method == LEVELS else 'floor'}-{folder.name}-{split}.npy"
        if method in (FLOOR, LEVELS) and stored.is_file():
            found[method] = np.load(stored)
            continue
        began = time.monotonic()
        found[method] = probe.features_of(folder, table.names, extract, side)
        print(f"{folder.name}: {len(table.names) / (time.monotonic() - began):.0f} images/s  {method}", flush=True)
        if method in (FLOOR, LEVELS):
            cache.mkdir(parents=True, exist_ok=True)
            np.save(stored, found[method])
    runs = {name: values for name, values in found.items() if name not in (FLOOR, LEVELS)}
    beside = {f"{name} beside {LEVELS}": np.concatenate([v, found[LEVELS]], 1) for name, v in runs.items()}
    return table, found | beside


def _score(task: probe.ProbeTask, method: str, answer: probe.Answer, trained: int) -> list[dict[str, Any]]:
    statistics: dict[str, Callable[[NDArray[np.integer[Any]]], float]] = {
        "macro-F1": lambda at: macro_f1(answer.probabilities[at].argmax(1), answer.truth[at]),
        "AUROC": lambda at: macro_auroc(answer.probabilities[at], answer.truth[at]),
    }
    rows = []
    for metric, statistic in statistics.items():
        found = bootstrap(statistic, answer.subjects, DRAWS)
        rows.append(
            {
                "application": task.name,
                "task": "classify",
                "method": method,
                "labels": f"{trained} train images, logistic probe",
                "metric": metric,
                "value": round(found.value, 4),
                "low": round(found.low, 4),
                "high": round(found.high, 4),
                "n": found.n,
                "claimed": task.claimed,
            }
        )
    return rows


def _gain(method: str, scores: dict[str, list[tuple[probe.ProbeTask, probe.Answer]]]) -> dict[str, Any]:
    """Mean relative gain in macro-F1 over the floor, over the claimed probes, with an interval over subjects."""
    pairs = [
        (ours, floor) for (task, ours), (_, floor) in zip(scores[method], scores[FLOOR], strict=True) if task.claimed
    ]
    generator = np.random.default_rng(0)
    groups = [np.unique(ours.subjects, return_inverse=True)[1] for ours, _ in pairs]

    def gain(draw: bool) -> float:
        each = []
        for (ours, floor), group in zip(pairs, groups, strict=True):
            members = [np.flatnonzero(group == number) for number in range(int(group.max()) + 1)] if draw else []
            at = (
                np.concatenate([members[index] for index in generator.integers(len(members), size=len(members))])
                if draw
                else np.arange(len(group))
            )
            mine, theirs = (macro_f1(a.probabilities[at].argmax(1), a.truth[at]) for a in (ours, floor))
            each.append(mine / max(theirs, 1e-9) - 1)
        return float(np.mean(each))

    low, high = np.percentile([gain(True) for _ in range(200)], (2.5, 97.5))
    better = sum(
        macro_f1(ours.probabilities.argmax(1), ours.truth) > macro_f1(floor.probabilities.argmax(1), floor.truth)
        for ours, floor in pairs
    )
    return {
        "application": "all claimed probes",
        "task": "classify",
        "method": method,
        "labels": f"better on {better} of {len(pairs)}",
        "metric": "mean relative gain in macro-F1 over the floor",
        "value": round(gain(False), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
        "n": len(pairs),
        "claimed": True,
    }

"""Frozen features side by side: encoders of our runs, the ImageNet floor, and both together, on one logistic probe.

Chosen on val; the test split only by an explicit word. Writes `docs/results/probe-*.json`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lingyin.bench.metrics import bootstrap, macro_auroc, macro_f1
from lingyin.core.errors import UsageError
from lingyin.core.files import write_file
from lingyin.core.paths import data_root
from lingyin.nets.weights import load_vit
from lingyin.pretrain import probe
from lingyin.pretrain.loop import ENCODER
from lingyin.pretrain.record import commit, machine

FLOOR = "ImageNet EfficientNet-lite0, 224 px"
DRAWS = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, help="folders of runs, or encoder.safetensors files")
    parser.add_argument("--split", choices=("val", "test"), default="val")
    parser.add_argument("--size", type=int, default=224, help="side of the pictures in pixels")
    parser.add_argument("--layers", choices=("last", "several"), default="last")
    parser.add_argument("--only", nargs="*", help="names of probes; all by default")
    parser.add_argument("--cache", type=Path, default=Path("runs/probe-cache"), help="keeps the floor's features")
    parser.add_argument("--name", help="of the result file; the first run's name by default")
    words = parser.parse_args()
    encoders: dict[str, tuple[probe.Extract, int]] = {FLOOR: (probe.floor_extract(), probe.FLOOR_PX)}
    for run in words.runs:
        path = run / ENCODER if run.is_dir() else run
        encoders[path.parent.name] = (probe.vit_extract(load_vit(path), words.layers), words.size)
    rows = measure(encoders, words.split, words.cache, words.only)
    for row in rows:
        print(f"{row['application']:24} {row['metric']:12} {row['value']:.3f}  {row['method']}")
    name = words.name or f"probe-{next(name for name in encoders if name != FLOOR)}-{words.split}"
    result = {
        "command": f"scripts/probe-encoder {' '.join(map(str, words.runs))} --split {words.split} --size {words.size} "
        f"--layers {words.layers}",
        "commit": commit(),
        "machine": machine(),
        "seeds": [0],
        "rows": rows,
    }
    target = Path("docs/results") / f"{name}.json"
    write_file(target, (json.dumps(result, indent=1, ensure_ascii=False) + "\n").encode(), durable=True)
    print(target)


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
    table = probe.read_rows(folder, ("train", split))
    found: dict[str, probe.Floats] = {}
    for method, (extract, side) in encoders.items():
        stored = cache / f"floor-{folder.name}-{split}.npy"
        if method == FLOOR and stored.is_file():
            found[method] = np.load(stored)
            continue
        began = time.monotonic()
        found[method] = probe.features_of(folder, table.names, extract, side)
        print(f"{folder.name}: {len(table.names) / (time.monotonic() - began):.0f} images/s  {method}", flush=True)
        if method == FLOOR:
            cache.mkdir(parents=True, exist_ok=True)
            np.save(stored, found[method])
    floor = found[FLOOR]
    beside = {f"{name} + floor": np.concatenate([values, floor], 1) for name, values in found.items() if name != FLOOR}
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

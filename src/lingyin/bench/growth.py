"""How the cost of grouping and splitting grows to millions of pictures: synthetic hashes in clips, with planted copies.

The bits of the hashes have the means and the pairwise dependence of those of real pictures where these are at hand, so
that buckets are as uneven as they are in truth.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from lingyin.bench.copies import describe, read_originals
from lingyin.core.files import write_file
from lingyin.core.paths import data_root
from lingyin.curate.duplicates import group_duplicates
from lingyin.curate.hashes import BITS, WORDS, Words
from lingyin.curate.splits import assign_splits, join_groups
from lingyin.pretrain.figure import new_figure, png_bytes
from lingyin.pretrain.record import commit, machine

Row = dict[str, Any]
_FITTED = 1500  # real pictures whose bits are copied in their statistics
_CHUNK = 100_000
_FRAMES = 8  # of a clip, on average
_FRAME_FLIPS, _COPY_FLIPS, _INNER_FLIPS = 0.03, 0.02, 0.2  # share of bits that change
_COPIES = 0.01  # of the clips have one copied frame under another patient


def measure_growth(millions: Sequence[float], seed: int, out: Path) -> None:
    """Measures each size in a process of its own and adds it to `duplicates-growth.json` and `.png` in `out`."""
    path = out / "duplicates-growth.json"
    known = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.is_file() else []
    for size in millions:
        count = round(size * 1e6)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            new = pool.apply(measure, (count, seed))
        known = [row for row in known if row["n"] != count] + new
        known.sort(key=lambda row: (row["n"], row["metric"]))
        for row in new:
            print(f"{count:>9,} {row['metric']:<48} {row['value']:.4g}")
        document = {
            "command": f"scripts/bench-duplicates --seed {seed} --sizes SIZE...",
            "commit": commit(),
            "machine": machine(),
            "seeds": [seed],
            "rows": known,
        }
        write_file(path, (json.dumps(document, indent=1) + "\n").encode())
        write_file(out / "duplicates-growth.png", draw(known))


def measure(count: int, seed: int) -> list[Row]:
    """Rows for one size: seconds, processor seconds a million, memory, planted copies found, groups torn apart."""
    rng = np.random.default_rng(seed)
    root = data_root()
    real = None if root is None else describe(read_originals(root, _FITTED, seed).pictures).hashes[:, :WORDS]
    hashes, clips, patients, copies = make_corpus(count, real, rng)
    before = _peak()
    clock, work = time.perf_counter(), time.process_time()
    groups = group_duplicates(hashes)
    grouped = time.process_time() - work
    components = join_groups(groups, clips, patients)
    ids = np.char.add("synthetic/", np.arange(count).astype("U9"))
    splits = assign_splits(components, np.full(count, -1, np.int64), ids.tolist(), 0.1, 0.1, seed)
    seconds, worked = time.perf_counter() - clock, time.process_time() - work
    torn = sum(_torn(grouping, splits) for grouping in (groups, clips, patients))
    found = float((groups[copies[:, 0]] == groups[copies[:, 1]]).mean())
    values = {
        "seconds, grouping and splitting": seconds,
        "processor seconds a million, grouping": grouped / count * 1e6,
        "processor seconds a million, grouping and splitting": worked / count * 1e6,
        "peak memory, GB": _peak(),
        "memory of the rows before, GB": before,
        "planted copies found": found,
        "groups in two splits": float(torn),
    }
    return [
        {
            "application": "synthetic hashes and metadata",
            "task": "duplicates",
            "method": "group_duplicates, join_groups, assign_splits",
            "labels": "none used",
            "metric": metric,
            "value": round(value, 4),
            "low": round(value, 4),
            "high": round(value, 4),
            "n": count,
        }
        for metric, value in values.items()
    ]


def make_corpus(
    count: int, real: Words | None, rng: np.random.Generator
) -> tuple[Words, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Hashes (N, 8), clip and patient of each, and planted pairs (copy, original) (P, 2)."""
    clips = np.sort(rng.integers(0, max(1, count // _FRAMES), count))
    patients = clips // 2
    factor, threshold = _statistics(real)
    bits_of = np.zeros((int(clips[-1]) + 1, WORDS), np.uint64)
    for start in range(0, len(bits_of), _CHUNK):
        size = min(_CHUNK, len(bits_of) - start)
        latent = rng.standard_normal((size, BITS), np.float32) @ factor
        bits_of[start : start + size] = np.packbits(latent > threshold, axis=1, bitorder="little").view(np.uint64)
    hashes = np.empty((count, 2 * WORDS), np.uint64)
    drawn = rng.permutation(count)[: 2 * max(1, round(count * _COPIES / _FRAMES))]
    pairs = drawn.reshape(-1, 2)
    for start in range(0, count, _CHUNK):
        part = slice(start, min(count, start + _CHUNK))
        hashes[part, :WORDS] = bits_of[clips[part]] ^ _flips(part, _FRAME_FLIPS, rng)
        hashes[part, WORDS:] = hashes[part, :WORDS] ^ _flips(part, _INNER_FLIPS, rng)
    everything = slice(0, len(pairs))
    hashes[pairs[:, 0], :WORDS] = hashes[pairs[:, 1], :WORDS] ^ _flips(everything, _COPY_FLIPS, rng)
    return hashes, clips, patients, pairs


def _statistics(real: Words | None) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A factor (256, 256) of normal variables and thresholds (256,), whose signs behave as real bits (arcsine law)."""
    if real is None:
        return np.eye(BITS, dtype=np.float32), np.zeros(BITS, np.float32)
    bits = np.unpackbits(np.ascontiguousarray(real).view(np.uint8), axis=1, bitorder="little").astype(float)
    share = bits.mean(axis=0).clip(0.01, 0.99)
    dependence = np.nan_to_num(np.corrcoef(bits + 1e-9 * np.arange(len(bits))[:, None] % 2, rowvar=False))
    values, vectors = np.linalg.eigh(np.sin(np.pi / 2 * dependence))
    factor = (vectors * np.sqrt(values.clip(1e-4))).T
    factor /= np.linalg.norm(factor, axis=0)
    return factor.astype(np.float32), norm.ppf(1 - share).astype(np.float32)


def _flips(rows: slice, share: float, rng: np.random.Generator) -> Words:
    """Masks (rows, 4) in which each bit is set with a probability of `share`."""
    chosen = rng.random((rows.stop - rows.start, BITS), np.float32) < share
    return np.packbits(chosen, axis=1, bitorder="little").view(np.uint64)


def _torn(grouping: NDArray[np.int64], splits: NDArray[np.int64]) -> int:
    """Groups that have rows in more than one split."""
    pairs = np.unique(grouping * 3 + splits) // 3
    return int((np.diff(pairs) == 0).sum())


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def draw(rows: list[Row]) -> bytes:
    """A PNG: processor seconds a million and peak memory over millions of pictures."""
    figure = new_figure(8, 3, spread=False)
    figure.subplots_adjust(0.08, 0.18, 0.98, 0.9, 0.25)
    panels = ("processor seconds a million, grouping and splitting", "peak memory, GB")
    for number, metric in enumerate(panels):
        points = [(row["n"] / 1e6, row["value"]) for row in rows if row["metric"] == metric]
        axes = figure.add_subplot(1, 2, number + 1)
        axes.plot(*zip(*points, strict=True), marker="o")
        axes.set(title=metric, xlabel="millions of pictures")
        axes.set_ylim(bottom=0)
    return png_bytes(figure, 100)

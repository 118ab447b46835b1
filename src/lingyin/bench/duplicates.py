"""Measures the search for duplicates: planted copies of real pictures, against `imagededup`, and how the cost grows."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.bench.copies import (
    KINDS,
    Described,
    Originals,
    Score,
    describe,
    load_rival,
    our_pairs,
    read_originals,
    rival_codes,
    rival_pairs,
    rival_search_seconds,
    score,
)
from lingyin.bench.metrics import bootstrap
from lingyin.core.errors import UsageError
from lingyin.core.files import write_file
from lingyin.core.paths import data_root
from lingyin.pretrain.record import commit, machine

Row = dict[str, Any]
_USUAL_BITS = 10  # distance at which `imagededup` is timed: its own default
_MOST_BITS = 20
_TIMED = 2_500  # pictures that both searches are timed on: the rival's compares all with all
_HOPELESS = 0.7  # precision from which on a larger distance is not tried
OURS, RIVAL = "group_duplicates", "imagededup PHash"


def main(words: Sequence[str] | None = None) -> None:
    """Command line of `scripts/bench-duplicates`."""
    parser = argparse.ArgumentParser(prog="bench-duplicates", description=__doc__)
    parser.add_argument("--pictures", type=int, default=10_000, help="originals and copies together")
    parser.add_argument("--copies", type=int, default=500, help="copies of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sizes", type=float, nargs="*", default=None, help="only the growth of the cost, in millions")
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    options = parser.parse_args(words)
    cv2.setNumThreads(1)
    if options.sizes is not None:
        from lingyin.bench.growth import measure_growth

        measure_growth(options.sizes, options.seed, options.out)
        return
    root = data_root()
    if root is None:
        raise UsageError("the data sets are absent: set LINGYIN_DATA or place them in ../shared/data")
    originals = read_originals(root, options.pictures - options.copies, options.seed)
    rows = plant(originals, options.copies, options.seed)
    document = {
        "command": f"scripts/bench-duplicates --pictures {options.pictures} --copies {options.copies}"
        f" --seed {options.seed}",
        "commit": commit(),
        "machine": machine(),
        "seeds": [options.seed],
        "note": "Pairs of one subject (frames of a clip) count neither as right nor as wrong, nor do originals whose "
        "edges agree at 96 px. Seconds are processor time of one thread, decoding left out; without imagededup "
        "installed its rows are absent.",
        "rows": rows,
    }
    write_file(options.out / "duplicates.json", (json.dumps(document, indent=1) + "\n").encode())
    for row in rows:
        print(f"{row['application']:<34} {row['method']:<28} {row['metric']:<44} {row['value']:.4f}")


def plant(originals: Originals, count: int, seed: int) -> list[Row]:
    """Rows for `count` copies of each kind among the originals."""
    rng = np.random.default_rng(seed)
    sources = rng.choice(len(originals.pictures), count, replace=False)
    described = describe(originals.pictures)
    rival = load_rival()
    codes, rival_seconds = rival_codes(rival, originals.pictures) if rival else ([], 0.0)
    rows: list[Row] = []
    times = {OURS: [0.0, 0.0], RIVAL: [0.0, 0.0]}
    for kind, distort in KINDS.items():
        copies = [distort(originals.pictures[source], rng) for source in sources]
        theirs = describe(copies)
        pairs, seconds = our_pairs(described, theirs)
        times[OURS][0] = described.seconds + theirs.seconds
        times[OURS][1] = max(times[OURS][1], seconds)
        ours = score(pairs, sources, originals)
        rows += _rows(kind, OURS, ours, originals.subjects[sources])
        if rival:
            copied, more = rival_codes(rival, copies)
            times[RIVAL][0] = rival_seconds + more
            best, pairs = None, set()
            for found in rival_pairs(codes, copied, _MOST_BITS).values():
                pairs |= found
                judged = score(pairs, sources, originals)
                if judged.precision >= min(ours.precision, 0.99) and (best is None or judged.recall > best.recall):
                    best = judged
                if judged.precision < _HOPELESS:
                    break
            if best:
                rows += _rows(kind, f"{RIVAL}, best distance", best, originals.subjects[sources])
    rows += [
        _row("speed", OURS, "seconds of hashing", times[OURS][0], len(described.hashes) + count),
        _row("speed", OURS, "seconds of search, slowest kind", times[OURS][1], len(described.hashes) + count),
    ]
    if rival:
        some = slice(0, _TIMED)
        part = Described(described.hashes[some], described.thumbnails[some], 0.0)
        empty = Described(described.hashes[:0], described.thumbnails[:0], 0.0)
        rows += [
            _row("speed", RIVAL, "seconds of hashing", times[RIVAL][0], len(codes) + count),
            _row(
                "speed",
                RIVAL,
                "seconds of search",
                rival_search_seconds(rival, codes[some], _USUAL_BITS),
                len(codes[some]),
            ),
            _row("speed", OURS, "seconds of search", our_pairs(part, empty)[1], len(part.hashes)),
        ]
    return rows


def _rows(kind: str, method: str, judged: Score, subjects: NDArray[np.str_]) -> list[Row]:
    interval = bootstrap(lambda some: float(judged.found[some].mean()), subjects)
    recall = _row(f"copies {kind}", method, "recall", interval.value, interval.n)
    recall |= {"low": round(interval.low, 4), "high": round(interval.high, 4)}
    return [
        recall,
        _row(f"copies {kind}", method, "precision", judged.precision, int(judged.found.sum()) + judged.wrong),
    ]


def _row(application: str, method: str, metric: str, value: float, n: int) -> Row:
    rounded = round(value, 4)
    return {
        "application": application,
        "task": "duplicates",
        "method": method,
        "labels": "none used",
        "metric": metric,
        "value": rounded,
        "low": rounded,
        "high": rounded,
        "n": n,
    }

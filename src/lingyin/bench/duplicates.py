"""Measures the search for duplicates: planted copies of real pictures, against `imagededup`, and how the cost grows."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lingyin.bench.copies import (
    KINDS,
    Judge,
    Originals,
    Score,
    describe,
    describe_files,
    load_rival,
    our_groups,
    our_pairs,
    read_originals,
    rival_codes,
    rival_file_codes,
    rival_pairs,
    rival_search_seconds,
    search_seconds,
)
from lingyin.bench.metrics import bootstrap
from lingyin.core.errors import UsageError
from lingyin.core.files import write_file
from lingyin.core.paths import data_root
from lingyin.curate.hashes import Grey
from lingyin.pretrain.record import commit, machine

Row = dict[str, Any]
_USUAL_BITS = 10  # distance at which `imagededup` is timed: its own default
_MOST_BITS = 20
_HOPELESS = 0.7  # precision from which on a larger distance is not tried
_GROUPED = ("recompressed", "resized", "gamma")  # kinds whose copies are also grouped, all together
_LARGE, _LARGE_SIDE, _LARGE_QUALITY = 200, 1024, 90  # pictures of the size that scanners give, as JPEG
OURS, GROUPS, RIVAL = "find_leaks", "group_duplicates", "imagededup PHash"
TRUTH = (
    "Right is a pair of a copy with its original, or with an original that shows the same scene as that: their pixels, "
    "band-passed and registered by an affine map, correlate by 0.7 or more at 128 px (bench/truth.py, which shares "
    "nothing with the search; planted copies reach 0.90 at the least, pictures of other patients of one set 0.61 at "
    "the most). Pairs of one subject (frames of a clip) count neither as right nor as wrong. find_leaks and imagededup "
    "report pairs; group_duplicates joins pairs that share a picture, so that chains count too. Seconds are processor "
    "time of one thread, from files means reading and decoding included; without imagededup installed its rows are "
    "absent."
)


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
        "note": TRUTH,
        "rows": rows,
    }
    write_file(options.out / "duplicates.json", (json.dumps(document, indent=1) + "\n").encode())
    for row in rows:
        print(f"{row['application']:<34} {row['method']:<28} {row['metric']:<44} {row['value']:.4f}")


def plant(originals: Originals, count: int, seed: int) -> list[Row]:
    """Rows for `count` copies of each kind among the originals, and for the time that both searches take."""
    rng = np.random.default_rng(seed)
    sources = rng.choice(len(originals.pictures), count, replace=False)
    subjects = originals.subjects[sources]
    judge = Judge(originals)
    described = describe_files(originals.files)
    rival = load_rival()
    codes, rival_seconds = rival_file_codes(rival, originals.files) if rival else ([], 0.0)
    rows: list[Row] = []
    grouped: list[Grey] = []
    for kind, distort in KINDS.items():
        copies = [distort(originals.pictures[source], rng) for source in sources]
        ours = judge.score(our_pairs(described, describe(copies)), sources)
        rows += _rows(kind, OURS, ours, subjects)
        if kind in _GROUPED:
            grouped += copies
        if rival:
            best = _best(codes, rival_codes(rival, copies)[0], judge, sources, ours.precision)
            rows += _rows(kind, f"{RIVAL}, best distance", best, subjects) if best else []
    times = len(_GROUPED)
    together = judge.score(our_groups(described, describe(grouped)), np.tile(sources, times))
    rows += _rows(", ".join(_GROUPED), GROUPS, together, np.tile(subjects, times))
    seconds = {GROUPS: [described.seconds, search_seconds(described)]}
    if rival:
        seconds[RIVAL] = [rival_seconds, rival_search_seconds(rival, codes, _USUAL_BITS)]
    for method, (hashing, search) in seconds.items():
        for metric, value in (
            ("seconds of hashing, from files", hashing),
            ("seconds of search", search),
            ("seconds from files to pairs", hashing + search),
        ):
            rows.append(_row("speed", method, metric, value, len(originals.files)))
    return rows + large_rows(originals, rival)


def _best(
    codes: list[str], copied: list[str], judge: Judge, sources: NDArray[np.int64], precision: float
) -> Score | None:
    """The rival's score at the distance of most recall whose precision is ours, or 0.99 where ours is above."""
    best, pairs = None, set()
    for found in rival_pairs(codes, copied, _MOST_BITS).values():
        pairs |= found
        judged = judge.score(pairs, sources)
        if judged.precision >= min(precision, 0.99) and (best is None or judged.recall > best.recall):
            best = judged
        if judged.precision < _HOPELESS:
            break
    return best


def large_rows(originals: Originals, rival: Any | None) -> list[Row]:
    """Seconds of hashing files of the size that scanners give."""
    some = np.linspace(0, len(originals.pictures) - 1, min(_LARGE, len(originals.pictures))).astype(int)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.jpg" for number in some]
        for number, file in zip(some, files, strict=True):
            grey = originals.pictures[number]
            scale = _LARGE_SIDE / max(grey.shape)
            large = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
            cv2.imwrite(str(file), large, [cv2.IMWRITE_JPEG_QUALITY, _LARGE_QUALITY])
        seconds = {GROUPS: describe_files(files).seconds}
        if rival:
            seconds[RIVAL] = rival_file_codes(rival, files)[1]
    what = f"seconds of hashing, from JPEG files of {_LARGE_SIDE} px"
    return [_row("speed", method, what, value, len(files)) for method, value in seconds.items()]


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

"""Measures de-identification: planted identifiers left in headers and pixels, and clean pictures that were harmed."""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread

from lingyin.bench.planted import Print, burn, draw_person, sign
from lingyin.core.clip import Frame
from lingyin.core.errors import UsageError
from lingyin.core.files import write_file
from lingyin.core.paths import data_root
from lingyin.curate.cleanscan import clean_scan
from lingyin.curate.pixeltext import clean_frame
from lingyin.curate.pseudonyms import Pseudonyms
from lingyin.curate.textnet import TextNetwork
from lingyin.io import ScanRef
from lingyin.io.phantom import make_phantom
from lingyin.io.phantom.dicom import to_dataset
from lingyin.io.phantom.kinds import SCENES
from lingyin.io.sector import find_sector
from lingyin.pretrain.record import commit, machine

Row = dict[str, Any]
KINDS = tuple(SCENES)
PLAIN_SETS = (
    "heart_camus",
    "heart_lv",
    "fetal_head_hc18",
    "gallbladder_atresia",
    "colon_ctrus",
)  # no print in the sector
_SECRET = Pseudonyms(b"benchmark, not a secret at all..")
_CINE_FRAMES = 5


def main(words: Sequence[str] | None = None) -> None:
    """Command line of `scripts/bench-deidentify`."""
    parser = argparse.ArgumentParser(prog="bench-deidentify", description=__doc__)
    parser.add_argument(
        "--scans", type=int, default=64, help="phantom scans with eight planted identifiers each, every fourth a cine"
    )
    parser.add_argument("--clean", type=int, default=320, help="real pictures without print in their sector")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    options = parser.parse_args(words)
    if shutil.which("dcmdump") is None:
        raise UsageError("dcmdump is needed to check headers independently: install DCMTK")
    find_text = TextNetwork(thorough=True)
    rows = planted_rows(options.scans, options.seed, find_text) + clean_rows(options.clean, options.seed, find_text)
    document = {
        "command": f"scripts/bench-deidentify --scans {options.scans} --clean {options.clean} --seed {options.seed}",
        "commit": commit(),
        "machine": machine(),
        "seeds": [options.seed],
        "note": "A text counts as left where more than 10 % of its ink keeps its grey level. Headers are read back "
        "with DCMTK's dcmdump and as raw bytes. Intervals of shares are Wilson's.",
        "rows": rows,
    }
    write_file(options.out / "deidentify.json", (json.dumps(document, indent=1) + "\n").encode())
    for row in rows:
        interval = f"{row['value']:.4f} [{row['low']:.4f}, {row['high']:.4f}] n={row['n']}"
        print(f"{row['application']:<44} {row['metric']:<44} {interval}")


def planted_rows(count: int, seed: int, find_text: TextNetwork) -> list[Row]:
    """Phantom scans, from file to file: stills, and every fourth a cine in which print comes and goes."""
    words_total = words_left = 0
    verdicts: list[tuple[str, Print, bool]] = []
    untouched: list[float] = []
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        cine = number % 4 == 3
        phantom = make_phantom(
            KINDS[number % len(KINDS)], seed=seed + 5000 + number, frames=_CINE_FRAMES if cine else 1
        )
        person = draw_person(rng)
        before = np.repeat(phantom.frames[..., None], 3, axis=3)
        printed, prints = burn(before[0], phantom.screen.sector, person, rng)
        ink = np.logical_or.reduce([each.ink for each in prints])
        shown = [0] if not cine else sorted(rng.choice(_CINE_FRAMES, 3, replace=False).tolist())
        frames = before.copy()
        for index in shown:
            frames[index][ink] = printed[ink]
        dataset = to_dataset(phantom)
        words = sign(dataset, person)
        dataset.PhotometricInterpretation, dataset.SamplesPerPixel, dataset.PlanarConfiguration = "RGB", 3, 0
        dataset.PixelData = frames.tobytes() + b"\0" * (frames.size % 2)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{person.surname}.dcm"
            dataset.save_as(path)
            done = clean_scan(ScanRef(path, None, path.name), Path(folder) / "out", _SECRET, find_text)
            after = Path(folder) / "out" / done.file
            words_total += len(words)
            words_left += len(left_in_header(after, words))
            cleaned = _frames(after, len(frames))
        kind = "cine" if cine else "still"
        for each in prints:
            left = any(each.is_left(before[index], frames[index], cleaned[index]) for index in shown)
            verdicts.append((kind, each, left))
        tissue = phantom.screen.sector & (before[0] > 12).any(axis=2)
        untouched.append(float((cleaned[shown[0]] == frames[shown[0]]).all(axis=2)[tissue & ~_near(ink)].mean()))
    rows = [share_row("phantom scans, headers", "identifiers gone", words_total - words_left, words_total)]
    for name, keep in (
        ("phantom scans, pixels", lambda _kind, _each: True),
        ("phantom scans, pixels, outside the sector", lambda _kind, each: each.place != "inside"),
        ("phantom scans, pixels, inside the sector", lambda _kind, each: each.place == "inside"),
        ("phantom cines, pixels", lambda kind, _each: kind == "cine"),
    ):
        chosen = [left for kind, each, left in verdicts if keep(kind, each)]
        rows.append(share_row(name, "identifiers gone", len(chosen) - sum(chosen), len(chosen)))
    for font in sorted({each.font for _, each, _ in verdicts}):
        chosen = [left for _, each, left in verdicts if each.font == font]
        rows.append(
            share_row(f"phantom scans, pixels, {font}", "identifiers gone", len(chosen) - sum(chosen), len(chosen))
        )
    kept = np.array(untouched)
    draws = np.random.default_rng(seed).choice(kept, (1000, len(kept))).mean(axis=1)
    row = share_row("phantom scans, pixels", "share of tissue away from print kept", 0, len(kept))
    row |= {
        "value": _rounded(kept.mean()),
        "low": _rounded(np.percentile(draws, 2.5)),
        "high": _rounded(np.percentile(draws, 97.5)),
    }
    return [*rows, row]


def clean_rows(count: int, seed: int, find_text: TextNetwork) -> list[Row]:
    """Pictures without print in their sector: how many lose a part of it to a false alarm."""
    harmed: list[bool] = []
    rng = np.random.default_rng(seed)
    for number in range(max(1, count // 4)):
        phantom = make_phantom(KINDS[number % len(KINDS)], seed=seed + 9000 + number, frames=1)
        frame = np.repeat(phantom.frames[0][..., None], 3, axis=2)
        harmed.append(bool(clean_frame(frame, phantom.screen.sector, find_text)[1]))
    rows = [share_row("phantoms without print", "pictures harmed inside the sector", sum(harmed), len(harmed))]
    root = data_root()
    if root is None:
        return rows
    harmed = []
    for name in PLAIN_SETS:
        with (root / name / "labels.csv").open(encoding="utf-8", newline="") as file:
            ids = [row["id"] for row in csv.DictReader(file) if row["split"] != "test"]
        for number in rng.choice(len(ids), min(len(ids), count // len(PLAIN_SETS)), replace=False):
            grey = cv2.imread(str(root / name / "images" / f"{ids[number]}.webp"))
            picture: Frame = np.asarray(grey, np.uint8)
            harmed.append(bool(clean_frame(picture, find_sector([picture]).mask, find_text)[1]))
    return [
        *rows,
        share_row("real pictures without print", "pictures harmed inside the sector", sum(harmed), len(harmed)),
    ]


def left_in_header(path: Path, words: Sequence[str]) -> list[str]:
    """Words that DCMTK's dump of the file, or its bytes before the pixels, still hold."""
    dump = subprocess.run(["dcmdump", "+L", "+R", "4096", str(path)], capture_output=True, check=True).stdout.lower()
    raw = path.read_bytes()
    raw = raw[: raw.index(b"\xe0\x7f\x10\x00")].lower()
    name = path.name.lower().encode()
    return [word for word in words if any(word.lower().encode() in text for text in (dump, raw, name))]


def _frames(path: Path, count: int) -> NDArray[np.uint8]:
    """(T, H, W, 3) as pydicom alone reads them."""
    dataset = dcmread(path)
    pixels = dataset.pixel_array.reshape(count, dataset.Rows, dataset.Columns, dataset.SamplesPerPixel)
    return np.asarray(np.broadcast_to(pixels, (*pixels.shape[:3], 3)), np.uint8)


def _near(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The ink and the 16 pixels around it, which a box of text may cover."""
    return cv2.dilate(ink.astype(np.uint8), np.ones((33, 33), np.uint8)) > 0


def share_row(application: str, metric: str, hits: int, total: int) -> Row:
    """A share with its 95 % interval (Wilson 1927)."""
    share, z = hits / total, 1.96
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * np.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return {
        "application": application,
        "task": "de-identification",
        "method": "clean_scan" if "scans" in application or "cines" in application else "clean_frame",
        "labels": "none used",
        "metric": metric,
        "value": _rounded(share),
        "low": _rounded(max(0.0, middle - half)),
        "high": _rounded(min(1.0, middle + half)),
        "n": total,
    }


def _rounded(value: float) -> float:
    return round(float(value), 4)

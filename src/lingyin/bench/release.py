"""From a pretraining run to the encoder that travels in the package: model folder, card with scores, its curves."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lingyin.core.errors import UsageError
from lingyin.core.files import write_file
from lingyin.core.paths import data_root
from lingyin.nets.export import CARD, export_encoder
from lingyin.nets.weights import load_encoder
from lingyin.pretrain.loop import ENCODER
from lingyin.runtime.manifest import Manifest, encoder_folder
from lingyin.tasks.card import read_cards
from lingyin.version import __version__

SIZE = 224
RECORD = "card.json"  # of a run; also tells the benchmark which labels it saw


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("--probe", type=Path, required=True, help="docs/results/probe-*.json of this run on test")
    parser.add_argument("-o", "--out", type=Path, default=encoder_folder(), help="model folder to write")
    parser.add_argument("--curves", type=Path, default=Path("docs/results/encoder-curves.png"))
    words = parser.parse_args()
    manifest = release_encoder(words.run, words.probe, words.out)
    write_file(words.curves, (words.run / "curves.png").read_bytes())
    print(f"{words.out}: {manifest.name}, {manifest.features} features")


def release_encoder(run: Path, probe: Path, folder: Path) -> Manifest:
    """Writes the model folder of a finished run.

    Raises:
        UsageError: the run is not finished, or the scores are of another encoder.
        ModelError: its weights are damaged.
    """
    try:
        card = json.loads((run / RECORD).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{run}: holds no {RECORD}; let the run finish first") from error
    rows = [row for row in json.loads(probe.read_text(encoding="utf-8"))["rows"] if run.name in row["method"]]
    if not rows:
        raise UsageError(f"{probe}: holds no scores of {run.name}; run scripts/probe-encoder {run} --split test")
    counts = {name: int(each["images"]) for name, each in card["data"]["sets"].items()}
    facts = {
        "name": card["name"],
        "version": __version__,
        "saw": counts,
        "images_seen": card["images_seen"],
        "training_hours": round(card["hours"], 3),
        "machine": card["machine"],
    }
    beside = {name: (run / name).read_bytes() for name in (ENCODER, RECORD)}
    beside[CARD] = write_encoder_card(card, rows, read_cards(data_root())).encode()
    return export_encoder(folder, load_encoder(run / ENCODER), beside, size=SIZE, facts=facts)


def write_encoder_card(
    card: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], sets: Mapping[str, Mapping[str, Any]]
) -> str:
    """Markdown: what it is and how it learnt, data with licences, probe scores, cost.

    Args:
        card: `card.json` of the run.
        rows: of a probe's result file, those of this encoder.
        sets: the data cards by name.
    """
    config = card["config"]
    depth = {config[part]["tree_depth"] for part in ("contrast", "classifier") if config[part]["weight"]}
    seen = "the full tree, findings included" if "full" in depth else "regions, organs and views, no finding"
    start = "its ImageNet weights (Apache-2.0)" if config["encoder"]["family"] == "lite0" else "random weights"
    lines = [
        f"# {card['name']} {card['version']}",
        "",
        f"An encoder for features, apart from any task. It started from {start} and learnt from images by themselves;",
        f"labels it saw: {seen}. Curves: docs/results/encoder-curves.png. **Research use only.**",
        "",
        "## Training data (train splits only)",
        "",
        "| set | images | licence as stated |",
        "|---|---|---|",
    ]
    for name, each in card["data"]["sets"].items():
        lines.append(f"| {name} | {each['images']} | {sets.get(name, {}).get('licence', each['licence'])} |")
    lines += [
        "",
        "## Frozen features with a logistic probe (95 % bootstrap interval over subjects)",
        "",
        "| probe | metric | value | interval | method |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row['application']} | {row['metric']} | {row['value']:.3f} | {row['low']:.3f} to {row['high']:.3f} "
            f"| {row['method']} |"
        )
    parts = {name: config[name]["weight"] for name in ("contrast", "classifier", "hard")}
    parts |= {"pictures": config["contrast"]["pictures"], **config["targets"]}
    told = ", ".join(f"{name} {weight:g}" for name, weight in parts.items() if weight)
    lines += [
        "",
        "## Cost",
        "",
        f"{card['images_seen']} views in {card['hours']:.2f} hours on {card['machine']}. Weights of the parts: {told}.",
        f"Commit {card['commit']}, seed {card['seed']}, data {card['data']['sha256'][:16]}.",
    ]
    return "\n".join(lines) + "\n"

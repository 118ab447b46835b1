"""The command that measures a model folder on the test splits; writes the result file, the scores and the card."""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from lingyin.bench.first_network import Sheet, answer_all, rows_of, scored
from lingyin.core.errors import LingyinError, UsageError
from lingyin.core.paths import data_root
from lingyin.nets.export import rewrite
from lingyin.runtime.manifest import default_folder
from lingyin.runtime.network import load_network
from lingyin.tasks.card import read_cards, write_card
from lingyin.tasks.config import Recipe, load_recipe
from lingyin.tasks.negatives import make_negatives
from lingyin.tasks.real import read_set
from lingyin.tasks.store import Sample
from lingyin.tasks.synthetic import make_phantoms

log = logging.getLogger(__name__)
NEGATIVES = (150, 3)  # number and seed; training used other seeds
RESULT = Path("docs/results/first-network.json")


def main(arguments: list[str] | None = None) -> None:
    """Parses and runs; a wrong request ends with a sentence."""
    parser = argparse.ArgumentParser(
        prog="evaluate_first_network", description="Measure a model folder on the test splits."
    )
    parser.add_argument("--model", type=Path, default=default_folder())
    parser.add_argument(
        "--recipe", type=Path, help="TOML recipe that the network was made with; default: the packaged one"
    )
    parser.add_argument(
        "--split", choices=["val", "test"], default="test", help="val: a look that decides nothing for the table"
    )
    parser.add_argument("--out", type=Path, help=f"result file; default {RESULT} for the test split, none for val")
    parser.add_argument(
        "--update-model", action="store_true", help="write the scores into the model's manifest and card"
    )
    parser.add_argument("--threads", type=int)
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    if chosen.update_model and chosen.split != "test":
        parser.error("--update-model takes the scores of the test split only")
    try:
        evaluate(chosen)
    except LingyinError as error:
        sys.exit(str(error))


def evaluate(chosen: argparse.Namespace) -> None:
    """Runs every image of the split through the runtime and writes what `chosen` asks for."""
    network = load_network(chosen.model, chosen.threads)
    recipe = load_recipe(chosen.recipe)
    sheet = Sheet()
    for name, samples in split_samples(recipe, chosen.split):
        answer_all(network, samples, sheet)
        log.info("%s", name)
    rows = rows_of(sheet, network.manifest)
    for row in rows:
        known = row["value"] is not None
        value = f"{row['value']:7.3f} [{row['low']:.3f}, {row['high']:.3f}]" if known else "undefined"
        log.info("%-26s %-44s %s n=%d", row["application"], row["metric"], value, row["n"])
    out = chosen.out or (RESULT if chosen.split == "test" else None)
    if out is not None:
        write_result(out, rows, chosen.split)
    if chosen.update_model:
        manifest = scored(network.manifest, rows)
        card = write_card(manifest.heads, read_cards(data_root()), manifest.model_dump())
        rewrite(chosen.model, manifest, card)


def split_samples(recipe: Recipe, split: str) -> Iterator[tuple[str, Iterator[Sample]]]:
    """Every source of a split by name: the real sets, negatives and phantoms.

    Raises:
        UsageError: the real data sets are not there.
    """
    root = data_root()
    if root is None:
        raise UsageError("the real data sets are not there; set LINGYIN_DATA to their folder")
    for name in sorted(recipe.sources):
        if (root / name / "labels.csv").is_file():
            yield name, read_set(root / name, recipe, split)
    yield "negatives and phantoms", chain(make_negatives(*NEGATIVES, split), make_phantoms(recipe, split))


def write_result(path: Path, rows: list[dict[str, object]], split: str) -> None:
    """The result file in the form that all tables are made from."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    document = {
        "command": "scripts/evaluate_first_network" + ("" if split == "test" else f" --split {split}"),
        "commit": commit,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, OpenVINO float32",
        "seeds": [0],
        "rows": rows,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

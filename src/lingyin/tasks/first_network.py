"""The steps that make the first network, as one small command: pack the images, train, export."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import torch

from lingyin.core.errors import LingyinError, UsageError
from lingyin.core.paths import data_root
from lingyin.nets.joint import JointNet
from lingyin.nets.lite0 import Lite0
from lingyin.nets.memory import keep_memory
from lingyin.nets.readout import ManyLevels, read_many
from lingyin.pretrain.sources import is_open, read_licence
from lingyin.runtime.manifest import default_folder
from lingyin.tasks.batches import Sampler
from lingyin.tasks.config import Recipe, load_recipe
from lingyin.tasks.encoders import IMAGENET, load_encoder
from lingyin.tasks.negatives import make_negatives
from lingyin.tasks.real import read_set
from lingyin.tasks.release import release
from lingyin.tasks.store import Sample, Store, open_store, write_store
from lingyin.tasks.synthetic import make_phantoms
from lingyin.tasks.train import Trainer, build_net, head_weights, make_joint, run

log = logging.getLogger(__name__)
NEGATIVES = {"train": (900, 1), "val": (150, 2), "test": (150, 3)}
CALIBRATION_BATCHES = 24
FAR = 10_000_000  # numbers of steps that no training reaches: their batches serve calibration


def main(arguments: list[str] | None = None) -> None:
    """Parses, runs, and ends with a sentence instead of a traceback where the input is at fault."""
    parser = argparse.ArgumentParser(prog="train_first_network", description="Make the first network.")
    parser.add_argument("--recipe", type=Path, help="TOML recipe; default: the packaged one")
    parser.add_argument("--cache", type=Path, default=Path("runs/cache"))
    steps = parser.add_subparsers(dest="step", required=True)
    cache = steps.add_parser("cache", help="decode and pack the training images once")
    cache.add_argument(
        "--what", choices=["real", "negatives", "phantoms"], nargs="+", default=["real", "negatives", "phantoms"]
    )
    train = steps.add_parser("train", help="fit the network")
    train.add_argument("--run", type=Path, default=Path("runs/first-network"))
    train.add_argument("--resume", action="store_true")
    train.add_argument("--steps", type=int, help="overrides the recipe's number of steps")
    train.add_argument("--threads", type=int, default=2)
    train.add_argument(
        "--encoder", default="imagenet", help="what it starts from: a run of `lingyin pretrain`, or imagenet (default)"
    )
    give = steps.add_parser("export", help="write the model folder of a checkpoint")
    give.add_argument("--run", type=Path, default=Path("runs/first-network"))
    give.add_argument("--out", type=Path, default=default_folder())
    give.add_argument("--threads", type=int, default=2)
    for each in (train, give):
        each.add_argument(
            "--licence", choices=["any", "open"], default="any", help="open: leave out sets without an open licence"
        )
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
    try:
        recipe = load_recipe(chosen.recipe)
        if chosen.step == "cache":
            make_cache(recipe, chosen.cache, chosen.what)
        elif chosen.step == "export":
            give_out(recipe, chosen)
        else:
            fit(recipe, chosen)
    except LingyinError as error:
        sys.exit(f"{error}")


def make_cache(recipe: Recipe, folder: Path, what: list[str]) -> None:
    """Packs real images, negatives and phantoms into one store each under `folder`."""
    heads = {head.name: head.labels for head in recipe.classify}
    makers = {"real": _real, "negatives": _negatives, "phantoms": _phantoms}
    for name in what:
        count = write_store(folder / name, makers[name](recipe), heads, recipe.structures)
        log.info("%s: %d images", name, count)


def _real(recipe: Recipe) -> Iterator[Sample]:
    root = data_root()
    if root is None:
        raise UsageError("the real data sets are not there; set LINGYIN_DATA to their folder")
    for folder in sorted(path.parent for path in root.glob("*/card.json")):
        if folder.name in recipe.sources:
            yield from read_set(folder, recipe)


def _negatives(_recipe: Recipe) -> Iterator[Sample]:
    for split, (count, seed) in NEGATIVES.items():
        yield from make_negatives(count, seed, split)


def _phantoms(recipe: Recipe) -> Iterator[Sample]:
    for split in ("val", "train"):
        yield from make_phantoms(recipe, split)


def fit(recipe: Recipe, chosen: argparse.Namespace) -> None:
    """Trains on every store in the cache; `--resume` goes on where a checkpoint ends, also with new stores."""
    torch.set_num_threads(chosen.threads)
    keep_memory()
    if chosen.steps:
        recipe = recipe.model_copy(update={"train": recipe.train.model_copy(update={"steps": chosen.steps})})
    stores = open_stores(chosen.cache)
    sampler = make_sampler(recipe, stores, chosen.licence)
    log.info("sources: %s", ", ".join(f"{n} {len(sampler.rows[n])}" for n in sampler.names))
    weights = head_weights(recipe, stores)
    if chosen.resume:
        trainer = Trainer(recipe, make_joint(recipe, ManyLevels()), weights)
        trainer.load(chosen.run)
    else:
        trainer = Trainer(recipe, start_net(recipe, sampler, chosen.encoder), weights)
    run(trainer, sampler, chosen.run)


def start_net(recipe: Recipe, sampler: Sampler, encoder: str) -> JointNet:
    """The network before the first step. Raises UsageError where `encoder` is of another kind, or as `load_encoder`."""
    if encoder == IMAGENET:
        return build_net(recipe, [sampler(FAR + number) for number in range(CALIBRATION_BATCHES)])
    learnt = load_encoder(encoder)
    if not isinstance(learnt, Lite0):
        raise UsageError(f"{encoder}: not a convolutional encoder with maps of several levels; name a lite0 run")
    torch.manual_seed(recipe.train.seed)
    return make_joint(recipe, read_many(learnt).requires_grad_(True))


def give_out(recipe: Recipe, chosen: argparse.Namespace) -> None:
    """Exports the averaged weights of a run's checkpoint as a model folder."""
    torch.set_num_threads(chosen.threads)
    stores = open_stores(chosen.cache)
    sampler = make_sampler(recipe, stores, chosen.licence)
    trainer = Trainer(recipe, make_joint(recipe, ManyLevels()), head_weights(recipe, stores))
    trainer.load(chosen.run)
    manifest = release(trainer, stores, {name: len(sampler.rows[name]) for name in sampler.names}, chosen.out)
    log.info("%s: %s", chosen.out, manifest.fingerprint)


def open_stores(folder: Path) -> list[Store]:
    """Every finished store of a cache folder."""
    return [open_store(path.parent) for path in sorted(folder.glob("*/index.npz"))]


def make_sampler(recipe: Recipe, stores: list[Store], licences: str) -> Sampler:
    """The sampler over all stores; with `licences` "open", sets without an open licence are left out."""
    factors = dict(recipe.sources)
    if licences == "open":
        root = data_root()
        if root is None:
            raise UsageError("the cards of the data sets are not there; set LINGYIN_DATA to their folder")
        factors = {
            name: factor
            for name, factor in factors.items()
            if not (root / name / "card.json").is_file() or is_open(read_licence(root / name))
        }
    apart = frozenset(name for head in recipe.segment for name in head.apart)
    return Sampler(stores, factors, apart, size=recipe.train.size, batch=recipe.train.batch, seed=recipe.train.seed)

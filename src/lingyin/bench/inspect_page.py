"""The page of `lingyin inspect`: one HTML file that holds every picture it shows."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from lingyin.bench.inspect import Distances, deepest, distances, features_of, flat_map, nearest_share, neighbours
from lingyin.bench.samples import name_of, organ_of
from lingyin.core.paths import packaged
from lingyin.pretrain.corpus import square
from lingyin.pretrain.masks import patch_sector, plan_masks
from lingyin.pretrain.restore import Learnt, reconstruct
from lingyin.pretrain.sources import Picture
from lingyin.pretrain.views import plain_view
from lingyin.version import __version__

Bytes = NDArray[np.uint8]
SHOWN, NEAREST = 10, 6
MASK_GREY = 96
COLOURS = (
    *("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#17becf", "#bcbd22", "#7f7f7f"),
    *("#003f5c", "#a05195", "#2f9e8f", "#665191", "#f95d6a", "#5b8c00", "#ffa600", "#6c757d", "#264653", "#e76f51"),
)


@dataclass(frozen=True)
class Look:
    """Pictures as the encoder saw them, `(N, 1, H, W)` images and sectors 0..1, with their features `(N, F)`."""

    learnt: Learnt
    pictures: Sequence[Picture]
    images: Tensor
    sectors: Tensor
    features: NDArray[np.floating[Any]]


def look(learnt: Learnt, pictures: Sequence[Picture], side: int) -> Look:
    """Shows the encoder the pictures at `side` x `side` pixels."""
    stored = [square(picture, side) for picture in pictures]
    images, sectors = plain_view(stored, side)
    return Look(learnt, pictures, images, sectors, features_of(learnt.encoder, images))


def render(seen: Look, source: Path) -> str:
    """The whole page."""
    organs = [organ_of(picture.labels) for picture in seen.pictures]
    sources = [picture.source for picture in seen.pictures]
    pairs = distances(seen.features, [picture.labels for picture in seen.pictures], sources)
    legend = sorted(set(organs), key=lambda code: (-organs.count(code), code))
    laid, way = flat_map(seen.features)
    asked = _spread(organs)
    share, chance = nearest_share(seen.features, organs)
    folder = packaged("lingyin.bench", "templates")
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("inspect.html.j2").render(
        version=__version__,
        name=seen.learnt.name,
        source=source.name,
        step=seen.learnt.step,
        side=seen.images.shape[-1],
        count=len(seen.pictures),
        licences=sorted({(picture.source, picture.licence) for picture in seen.pictures}),
        restored=_restored(seen, asked),
        hard=_hard(seen, asked),
        ratio=_mask_ratio(seen.learnt),
        box=_svg(pairs) if len(pairs.tree) else None,
        rank=pairs.correlation(across=False) if len(pairs.tree) else float("nan"),
        rank_across=pairs.correlation(across=True) if len(pairs.tree) else float("nan"),
        pairs=len(pairs.tree),
        way=way,
        share=share,
        chance=chance,
        legend=[
            {"name": name_of(code), "colour": _colour(legend, code), "count": organs.count(code)} for code in legend
        ],
        points=[
            {
                "x": 12 + 736 * float(x),
                "y": 12 + 436 * float(1 - y),
                "colour": _colour(legend, organ),
                "title": f"{name_of(organ)}: {name_of(deepest(picture.labels))} ({picture.source})",
            }
            for (x, y), organ, picture in zip(laid, organs, seen.pictures, strict=True)
        ],
        nearest=[
            {"asked": _card(seen, one, organs[one]), "found": [_card(seen, each, organs[one]) for each in found]}
            for one, found in zip(asked, neighbours(seen.features, asked, NEAREST), strict=True)
        ],
    )


def _mask_ratio(learnt: Learnt) -> float:
    return learnt.config.stages[-1].mask_ratio if learnt.config else 0.0


def _colour(legend: list[str], code: str) -> str:
    return COLOURS[legend.index(code) % len(COLOURS)]


def _spread(organs: list[str]) -> list[int]:
    """Up to SHOWN pictures, of different organs as far as there are."""
    turn: dict[str, int] = {}
    order = []
    for index, organ in enumerate(organs):
        turn[organ] = turn.get(organ, 0) + 1
        order.append((turn[organ], index))
    return [index for _, index in sorted(order)[:SHOWN]]


def _card(seen: Look, index: int, organ: str) -> dict[str, Any]:
    picture = seen.pictures[index]
    own = organ_of(picture.labels)
    words = f"{name_of(own)}: {name_of(deepest(picture.labels))}"
    return {"picture": _png(_grey(seen.images[index, 0])), "words": words, "set": picture.source, "same": own == organ}


def _restored(seen: Look, asked: list[int]) -> list[dict[str, str]]:
    """Picture, what was seen of it, and what was made of that; empty without a decoder."""
    if seen.learnt.restorer is None:
        return []
    images, side = seen.images[asked], seen.learnt.patch
    inside = patch_sector(seen.sectors[asked], side)
    noise = torch.from_numpy(np.random.default_rng(0).random(inside.shape, dtype=np.float32))
    plan = plan_masks(noise, inside, _mask_ratio(seen.learnt))
    made = reconstruct(seen.learnt.restorer, images, plan.visible, plan.hidden)
    masked = torch.where(_per_pixel(plan.hidden.float(), images) > 0.5, torch.tensor(MASK_GREY / 255), images)
    return [
        {"whole": _png(_grey(images[at, 0])), "masked": _png(_grey(masked[at, 0])), "made": _png(_grey(made[at, 0]))}
        for at in range(len(asked))
    ]


def _hard(seen: Look, asked: list[int]) -> list[dict[str, str]]:
    """Picture, how hard each patch inside the sector is thought to be, and the mask that hides the hardest."""
    if seen.learnt.predictor is None:
        return []
    images = seen.images[asked]
    inside = patch_sector(seen.sectors[asked], seen.learnt.patch)
    with torch.no_grad():
        score = seen.learnt.predictor(images)
    plan = plan_masks(torch.zeros_like(score), inside, _mask_ratio(seen.learnt), 1.0, score)
    place = score.masked_fill(~inside, -torch.inf).argsort(1).argsort(1).float() / (score.shape[1] - 1)
    heat = _per_pixel(place * inside, images)
    shown = []
    for at in range(len(asked)):
        grey = _grey(images[at, 0])
        warm = cv2.applyColorMap((heat[at, 0].numpy() * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
        mixed = (0.45 * cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR) + 0.55 * warm).astype(np.uint8)
        hidden = _per_pixel(plan.hidden[at : at + 1].float(), images[at : at + 1])[0, 0].numpy() > 0.5
        shown.append({"whole": _png(grey), "heat": _png(mixed), "masked": _png(np.where(hidden, MASK_GREY, grey))})
    return shown


def _per_pixel(patches: Tensor, images: Tensor) -> Tensor:
    """Values per patch `(B, L)` as pictures `(B, 1, H, W)`."""
    batch, count = patches.shape
    rows = round((count * images.shape[-2] / images.shape[-1]) ** 0.5)
    laid = patches.view(batch, 1, rows, count // rows)
    return functional.interpolate(laid, images.shape[-2:], mode="nearest")


def _grey(image: Tensor) -> Bytes:
    return np.asarray((image.numpy() * 255).round(), np.uint8)


def _png(picture: NDArray[Any]) -> str:
    """A picture as the address that holds it."""
    done, data = cv2.imencode(".png", np.ascontiguousarray(picture, np.uint8))
    assert done
    return "data:image/png;base64," + base64.b64encode(data.tobytes()).decode()


def _svg(pairs: Distances) -> str:
    """Box plots of feature distances over steps in the tree: all pairs, and pairs from different sources."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.4, 3.6), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    steps = np.unique(pairs.tree)
    for shift, across, colour, label in (
        (-0.18, False, "#2f6f8f", "all pairs"),
        (0.18, True, "#d9822b", "other source"),
    ):
        chosen = ~pairs.same_source if across else np.ones(len(pairs.tree), bool)
        groups = [(step, pairs.feature[chosen & (pairs.tree == step)]) for step in steps]
        filled = [(step, values) for step, values in groups if len(values)]
        if filled:
            drawn = axes.boxplot(
                [values for _, values in filled], positions=[step + shift for step, _ in filled], widths=0.3,
                showfliers=False, patch_artist=True, medianprops={"color": "#111"}, whis=(5, 95),
            )  # fmt: skip
            for box in drawn["boxes"]:
                box.set(facecolor=colour, alpha=0.55)
            axes.plot([], [], color=colour, lw=6, alpha=0.55, label=label)
    axes.set_xticks(steps, [str(step) for step in steps])
    axes.set_xlabel("steps in the label tree between two pictures")
    axes.set_ylabel("cosine distance of features")
    axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
    axes.grid(axis="y", alpha=0.25)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode()

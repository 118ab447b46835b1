"""A plan on paper: memory, exchange of gradients, hours and cost of pretraining on many GPUs.

Arithmetic and bytes kept for the way back are counted on the very networks, one step of two pictures, and the making of
views is timed; the chips' rates and the share of them that a run reaches are assumed, and stand in `scaling.toml`.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from lingyin.core.paths import packaged
from lingyin.nets.masked import MaskedDecoder
from lingyin.nets.vit import SIZES, Vit, VitArchitecture, patchify
from lingyin.pretrain.config import ViewsConfig
from lingyin.pretrain.views import apply_views, draw_views

PATCH = 16
STATE_BYTES = 4 + 4 + 8 + 4  # per weight, in float32: itself, its gradient, two moments of AdamW, the average
MEASURED = 2  # pictures


@dataclass(frozen=True)
class Step:
    """What a step costs per picture, counted: arithmetic of the way there and back, bytes kept in between."""

    parameters: int
    flops: float
    kept_bytes: float


def load_assumptions() -> dict[str, Any]:
    """The tables of `scaling.toml`."""
    return tomllib.loads(packaged("lingyin.bench", "scaling.toml").read_text(encoding="utf-8"))


def count_step(size: str, decoder: tuple[int, int, int], size_px: int, visible: float) -> Step:
    """One training step of encoder and decoder in bf16 autocast, counted while it runs."""
    dim, depth, heads = SIZES[size]
    encoder, filler = Vit(VitArchitecture(PATCH, dim, depth, heads)), MaskedDecoder(dim, *decoder)
    head = nn.Linear(decoder[0], PATCH**2)
    net = nn.ModuleList([encoder, filler, head])
    side = size_px // PATCH
    images = torch.rand(MEASURED, 1, size_px, size_px)
    shown = torch.rand(MEASURED, side**2).argsort(1)[:, : max(1, round(visible * side**2))]
    own = {value.untyped_storage().data_ptr() for value in net.parameters()}
    kept: dict[int, int] = {}

    def keep(value: Tensor) -> Tensor:
        storage = value.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return value

    counter = FlopCounterMode(display=False)
    with counter:
        kept_there = torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value)
        with kept_there, torch.autocast("cpu", torch.bfloat16):
            decoded = filler(encoder.encode(images, shown), shown, (side, side))
            loss = (head(decoded).float() - patchify(images, PATCH)).square().mean()
        loss.backward()
    weights = sum(value.numel() for value in net.parameters())
    copies = 2 * weights  # autocast keeps the weights in bf16 once, however many pictures there are
    return Step(weights, counter.get_total_flops() / MEASURED, max(0, sum(kept.values()) - copies) / MEASURED)


def view_seconds(size_px: int, count: int = 16, rounds: int = 3) -> float:
    """Processor seconds to make one view with all augmentations of the default config; the fastest of some rounds."""
    generator = np.random.default_rng(0)
    stored = [generator.integers(0, 255, (size_px, size_px, 2), np.uint8) for _ in range(count)]
    taken = []
    for _ in range(rounds):
        drawn = draw_views(ViewsConfig(), generator, count)
        began = time.process_time()
        apply_views(stored, drawn, size_px)
        taken.append(time.process_time() - began)
    return min(taken) / count


def plan(step: Step, view_s: float, gpus: int, share: float, known: dict[str, Any]) -> dict[str, float]:
    """Figures of a run: memory of a GPU, a step and its exchange, hours, euros, bytes read per second, and how many
    times longer views take to make than steps take to learn from them (above 1 the GPUs wait).

    Args:
        view_s: processor seconds to make a view.
        gpus: how many, each with `batch_per_gpu` views in a step.
        share: of the chip's bf16 rate that is reached.
        known: as `load_assumptions` gives.
    """
    wanted, gpu = known["plan"], known["gpu"]
    views = wanted["batch_per_gpu"]
    compute_s = step.flops * views / (gpu["bf16_flops"] * share)
    rate = gpu["inside_bytes_per_s"] if gpus <= gpu["gpus_per_node"] else gpu["between_bytes_per_s"]
    exchanged = 2 * (gpus - 1) / gpus * 4 * step.parameters  # ring, float32
    exchange_s = exchanged / (rate * gpu["reached"])
    learning_s = compute_s + (1 - wanted["overlap"]) * exchange_s
    making_s = view_s * views / wanted["cores_per_gpu"]
    step_s = max(learning_s, making_s)
    seen = wanted["images"] * wanted["epochs"] * wanted["views"]
    hours = seen / (views * gpus) * step_s / 3600
    return {
        "memory_gb": (STATE_BYTES * step.parameters + step.kept_bytes * views) / 1e9,
        "exchanged_mb_per_step": exchanged / 1e6,
        "step_ms": 1e3 * step_s,
        "exchange_ms": 1e3 * exchange_s,
        "views_over_learning": making_s / learning_s,
        "hours": hours,
        "euros": hours * gpus * wanted["euro_per_gpu_hour"],
        "read_mb_per_s": views * gpus / step_s / wanted["views"] * wanted["stored_bytes"] / 1e6,
    }


def rows(gpu_counts: tuple[int, ...] = (8, 64)) -> list[dict[str, Any]]:
    """Rows of the result file: for each encoder and number of GPUs its figures, from the least to the most share."""
    known = load_assumptions()
    wanted = known["plan"]
    view_s = view_seconds(wanted["size_px"])
    found = [_row("one processor core", "views_per_s", 1 / view_s, 1 / view_s, 1 / view_s)]
    ends = wanted["least_share"], wanted["most_share"]
    middle = (ends[0] * ends[1]) ** 0.5
    for encoder in known["encoder"]:
        width, depth, heads = encoder["decoder"]
        step = count_step(encoder["size"], (width, depth, heads), wanted["size_px"], wanted["visible"])
        counted = {"gflop_per_view": step.flops / 1e9, "kept_mb_per_view": step.kept_bytes / 1e6}
        name = f"ViT-{encoder['size'].capitalize()}/16, {step.parameters / 1e6:.0f} million weights with decoder"
        found += [_row(name, metric, value, value, value) for metric, value in counted.items()]
        for gpus in gpu_counts:
            low, mid, high = (plan(step, view_s, gpus, share, known) for share in (ends[0], middle, ends[1]))
            for metric, value in mid.items():
                both = sorted((low[metric], high[metric]))
                found.append(_row(f"ViT-{encoder['size'].capitalize()}/16 on {gpus} GPUs", metric, value, *both))
    return found


def _row(application: str, metric: str, value: float, low: float, high: float) -> dict[str, Any]:
    figures = {"value": float(f"{value:.4g}"), "low": float(f"{low:.4g}"), "high": float(f"{high:.4g}")}
    return {
        "application": application, "task": "pretrain", "method": "reckoned from counted steps", "labels": "",
        "metric": metric, **figures, "n": MEASURED,
    }  # fmt: skip


COLUMNS = {
    "memory_gb": "memory of a GPU, GB",
    "exchanged_mb_per_step": "exchanged per step, MB",
    "exchange_ms": "exchange, ms",
    "step_ms": "step, ms",
    "views_over_learning": "making views over learning",
    "hours": "hours",
    "euros": "cost, euros",
    "read_mb_per_s": "read, MB/s",
}


def markdown(table: Sequence[dict[str, Any]]) -> str:
    """The runs, a line each, and above them what was counted and timed."""
    by_name: dict[str, dict[str, dict[str, Any]]] = {}
    for row in table:
        by_name.setdefault(row["application"], {})[row["metric"]] = row
    lines = []
    for name, figures in by_name.items():
        if "hours" not in figures:
            words = ", ".join(f"{figure['value']:g} {metric.replace('_', ' ')}" for metric, figure in figures.items())
            lines.append(f"- {name}: {words}")
    lines += ["", "| run | " + " | ".join(COLUMNS.values()) + " |", "|---" * (1 + len(COLUMNS)) + "|"]
    for name, figures in by_name.items():
        if "hours" in figures:
            lines.append(f"| {name} | " + " | ".join(_cell(figures[metric]) for metric in COLUMNS) + " |")
    return "\n".join(lines)


def _cell(row: dict[str, Any]) -> str:
    low, high = (f"{row[end]:.2g}" if row[end] < 10 else f"{row[end]:,.0f}" for end in ("low", "high"))
    return low if low == high else f"{low} to {high}"

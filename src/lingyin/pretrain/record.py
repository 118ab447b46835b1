"""What a run leaves beside its weights: the history, its curves, and a card with config, data, machine and cost."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lingyin.core.files import write_file
from lingyin.pretrain.checkpoint import Progress
from lingyin.pretrain.config import PretrainConfig
from lingyin.pretrain.corpus import Corpus
from lingyin.pretrain.figure import new_figure, png_bytes
from lingyin.version import __version__

MOST_POINTS = 400  # of a curve: what a picture can show


def write_history(run: Path, history: list[dict[str, float]]) -> None:
    """`history.json`, one row per step, and `curves.png`. Raises OutputError."""
    write_file(run / "history.json", (json.dumps(history) + "\n").encode(), durable=True)
    if any(row.keys() - {"step"} for row in history):
        write_file(run / "curves.png", draw_curves(history), durable=True)


def draw_curves(history: list[dict[str, float]]) -> bytes:
    """A PNG with one panel per loss, averaged over stretches of equal length.

    Raises:
        ValueError: the history holds no loss.
    """
    names = sorted({name for row in history for name in row} - {"step"}, key=lambda name: (name != "total", name))
    if not names:
        raise ValueError("a history without a loss has no curves")
    columns, rows_of_panels = min(3, len(names)), -(-len(names) // 3)
    figure = new_figure(4.2 * columns, 2.8 * rows_of_panels, spread=False)
    figure.subplots_adjust(0.07, 0.5 / (2.8 * rows_of_panels), 0.98, 0.92, 0.25, 0.6)
    for index, name in enumerate(names):
        rows = [row for row in history if name in row]
        stretch = -(-len(rows) // MOST_POINTS)
        pieces = [rows[start : start + stretch] for start in range(0, len(rows), stretch)]
        axes = figure.add_subplot(rows_of_panels, columns, index + 1)
        axes.plot([p[-1]["step"] for p in pieces], [sum(row[name] for row in p) / len(p) for p in pieces], lw=1.2)
        axes.set_title(name)
        axes.set_xlabel("step")
    return png_bytes(figure, 100)


def write_card(run: Path, config: PretrainConfig, corpus: Corpus, progress: Progress, encoder: nn.Module) -> None:
    """`card.json`. Raises OutputError."""
    card: dict[str, Any] = {
        "name": config.name,
        "version": __version__,
        "use": "research only; not a medical device",
        "config": config.model_dump(mode="json"),
        "commit": commit(),
        "seed": config.seed,
        "machine": machine(),
        "parameters": sum(value.numel() for value in encoder.parameters()),
        "images_seen": progress.images,
        "steps": progress.step,
        "hours": round(progress.seconds / 3600, 4),
        "data": {
            "sha256": corpus.sha256,
            "split": "train",
            "sets": {
                name: {"images": count, "licence": corpus.licences[name]} for name, count in corpus.counts().items()
            },
        },
        "final_losses": progress.history[-1] if progress.history else {},
    }
    write_file(run / "card.json", (json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode(), durable=True)


def machine() -> str:
    """Processor, cores and threads in one line."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    chip = names[0] if names else platform.processor() or platform.machine()
    return f"{chip}, {os.cpu_count()} cores, torch {torch.__version__} on {torch.get_num_threads()} threads"


def commit() -> str | None:
    """The commit that the program is run from, or None outside a checkout."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
            timeout=5,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()

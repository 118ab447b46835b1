"""Figures without a display: made here, drawn on by whoever has something to show, handed back as PNG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(width: float, height: float, *, spread: bool = True) -> Figure:
    """An empty figure, sides in inches; its panels are laid out by themselves unless `spread` is False."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained" if spread else None)
    FigureCanvasAgg(figure)
    return figure


def png_bytes(figure: Figure, dpi: int) -> bytes:
    """The figure as a PNG file; the same drawing gives the same bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()

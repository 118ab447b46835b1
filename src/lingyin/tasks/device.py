"""What learning needs of the machine: the packages of the `train` extra, and how many cores may be used."""

from __future__ import annotations

from importlib.util import find_spec

from lingyin.core.errors import UsageError

NEEDED = ("torch", "safetensors", "sklearn", "scipy", "skimage", "pycocotools")


def require_train(threads: int | None = None) -> None:
    """Raises UsageError where a package is missing; else limits torch to `threads` cores (default: its own choice)."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(f"learning needs {', '.join(missing)}; run `pip install 'lingyin[train]'`")
    if threads is not None:
        import torch

        torch.set_num_threads(threads)

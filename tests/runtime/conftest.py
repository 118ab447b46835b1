"""A tiny network exported once for all tests of the runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the workshop is not installed: pip install 'lingyin[train]'")


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with two classifying heads and two structures."""
    from lingyin.nets.export import export
    from lingyin.runtime.manifest import Head
    from lingyin.runtime.novelty import fit_novelty
    from tests.nets.tiny import SIZE, tiny_net

    rng = np.random.default_rng(0)
    train = rng.random((60, 16), dtype=np.float32)
    novelty = fit_novelty(train, rng.integers(0, 2, 60), rng.random((40, 16), dtype=np.float32), components=4)
    heads = [
        Head(name="organ", task="classify", labels=["liver", "kidney", "none"], temperature=2.0),
        Head(name="size", task="classify", labels=["small", "large"], organs=["liver"]),
        Head(name="square", task="segment", labels=["square"], organs=["liver"]),
        Head(name="apart", task="segment", labels=["apart"], organs=["liver"]),
    ]
    folder = tmp_path_factory.mktemp("models") / "tiny"
    facts = {"name": "tiny", "version": "1", "input_size": SIZE}
    export(folder, tiny_net(), novelty, heads=heads, card="# tiny\nResearch use only\n", facts=facts)
    return folder

"""Export: a torch network becomes a model folder (OpenVINO IR, encoder weights, statistics, card, hashed manifest)."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openvino as ov
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from lingyin.core.files import write_file
from lingyin.nets.convert import to_openvino
from lingyin.nets.joint import JointNet
from lingyin.nets.lite0 import Lite0
from lingyin.nets.readout import readout
from lingyin.nets.vit import Vit
from lingyin.runtime.manifest import FORMAT, MANIFEST, Head, Manifest
from lingyin.runtime.network import NETWORK, NOVELTY, WEIGHTS
from lingyin.runtime.novelty import Novelty

ENCODER, CARD = "encoder.safetensors", "CARD.md"


class _Exported(nn.Module):
    """What runs in the program: features, raw logits, mask probabilities."""

    def __init__(self, net: JointNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        answers = self.net(images)
        return answers.cls, answers.logits, answers.masks.sigmoid()


def joint_model(net: JointNet, size: int) -> Any:
    """The network as an OpenVINO model with any batch size."""
    model = to_openvino(_Exported(net.eval()), torch.zeros(2, 1, size, size))
    model.inputs[0].get_node().set_friendly_name("images")
    for output, name in zip(model.outputs, ("features", "logits", "masks"), strict=True):
        output.get_tensor().set_names({name})
    return model


def export(
    folder: Path, net: JointNet, novelty: Novelty, *, heads: list[Head], card: str, facts: dict[str, Any]
) -> Manifest:
    """Writes a model folder and returns its manifest. `heads` come in the order of the network's outputs.

    The folder is made beside and swapped in, so that a reader never meets a half-written one. `facts` fills the other
    fields of the manifest (name, version, input_size, ...).
    """
    with fresh_folder(folder) as part:
        ov.save_model(joint_model(net, facts["input_size"]), part / NETWORK, compress_to_fp16=True)
        weights = {name: value.half().contiguous() for name, value in net.encoder.state_dict().items()}
        save_file(weights, part / ENCODER, metadata={"name": facts["name"], "version": facts["version"]})
        (part / ENCODER).chmod(0o644)  # the writer leaves it to its owner alone
        (part / NOVELTY).write_bytes(novelty.to_bytes())
        (part / CARD).write_text(card, encoding="utf-8")
        marks = {name: file_sha256(part / name) for name in (NETWORK, WEIGHTS, NOVELTY, ENCODER, CARD)}
        manifest = Manifest(format=FORMAT, features=net.encoder.dim, heads=heads, sha256=marks, **facts)
        write_manifest(part, manifest)
    return manifest


def export_encoder(
    folder: Path, encoder: Vit | Lite0, beside: Mapping[str, bytes], *, size: int, facts: dict[str, Any]
) -> Manifest:
    """Writes an encoder read in its best known way as a model folder without heads, and returns its manifest.

    Args:
        beside: files that travel along, by name: card, and weights to be trained further.
        size: side in pixels of the square pictures that it takes.
        facts: fills the other fields of the manifest (name, version, ...).
    """
    module = readout(encoder)
    model = to_openvino(module, torch.zeros(2, 1, size, size))
    model.inputs[0].get_node().set_friendly_name("images")
    model.outputs[0].get_tensor().set_names({"features"})
    with fresh_folder(folder) as part:
        ov.save_model(model, part / NETWORK, compress_to_fp16=True)
        for name, content in beside.items():
            (part / name).write_bytes(content)
        marks = {name: file_sha256(part / name) for name in (NETWORK, WEIGHTS, *beside)}
        manifest = Manifest(format=FORMAT, features=module.dim, heads=[], input_size=size, sha256=marks, **facts)
        write_manifest(part, manifest)
    return manifest


@contextmanager
def fresh_folder(folder: Path) -> Iterator[Path]:
    """A folder beside to fill, which takes the place of `folder` in the end; on an error nothing changes."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    part.chmod(0o755)
    try:
        yield part
        _swap(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes the manifest of a folder that nobody reads yet."""
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")


def rewrite(folder: Path, manifest: Manifest, card: str) -> Manifest:
    """Puts a new manifest and card (scores measured after export) into a model folder; the network stays as it is.

    Raises:
        OutputError: the folder cannot be written.
    """
    words = card.encode()
    renewed = manifest.model_copy(update={"sha256": {**manifest.sha256, CARD: hashlib.sha256(words).hexdigest()}})
    write_file(folder / CARD, words)
    write_file(folder / MANIFEST, (renewed.model_dump_json(indent=1) + "\n").encode())
    return renewed


def _swap(part: Path, folder: Path) -> None:
    old = part.with_name(part.name + "-old")
    if folder.exists():
        folder.rename(old)
    part.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def file_sha256(path: Path) -> str:
    """Of a file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()

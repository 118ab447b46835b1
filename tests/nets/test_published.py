"""Published weights laid into our transformer say what the published network says, written out here once more."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from lingyin.core.errors import ModelError
from lingyin.nets.published import COLOUR_MEAN, COLOUR_STD, Naming, load_published
from lingyin.nets.readout import readout

DIM, HEADS, DEPTH, SIDE, PATCH = 128, 2, 3, 4, 8


def look_alike(naming: Naming, *, registers: int = 0, scale: bool = False) -> dict[str, Tensor]:
    """Random weights under the published names."""
    draw = torch.Generator().manual_seed(0)

    def some(*shape: int) -> Tensor:
        return 0.08 * torch.randn(shape, generator=draw)

    state = {
        "cls_token": some(1, 1, DIM),
        "patch_embed.proj.weight": some(DIM, 3, PATCH, PATCH),
        "patch_embed.proj.bias": some(DIM),
        "norm.weight": 1 + some(DIM),
        "norm.bias": some(DIM),
        "mask_token": some(1, 1, DIM),
    }
    if naming != "usfm":
        state["pos_embed"] = some(1, 1 + SIDE**2, DIM)
    if registers:
        state["register_tokens"] = some(1, registers, DIM)
    for index in range(DEPTH):
        at = f"blocks.{index}."
        for name, out, into in (("attn.proj", DIM, DIM), ("mlp.fc1", 4 * DIM, DIM), ("mlp.fc2", DIM, 4 * DIM)):
            state |= {f"{at}{name}.weight": some(out, into), f"{at}{name}.bias": some(out)}
        for name in ("norm1", "norm2"):
            state |= {f"{at}{name}.weight": 1 + some(DIM), f"{at}{name}.bias": some(DIM)}
        state[f"{at}attn.qkv.weight"] = some(3 * DIM, DIM)
        if naming == "usfm":
            state |= {f"{at}attn.q_bias": some(DIM), f"{at}attn.v_bias": some(DIM)}
            state |= {f"{at}gamma_1": 0.5 + some(DIM), f"{at}gamma_2": 0.5 + some(DIM)}
            state[f"{at}attn.relative_position_bias_table"] = some((2 * SIDE - 1) ** 2 + 3, HEADS) * 10
            state[f"{at}attn.relative_position_index"] = torch.zeros(SIDE**2 + 1, SIDE**2 + 1, dtype=torch.long)
        else:
            state[f"{at}attn.qkv.bias"] = some(3 * DIM)
        if scale:
            state |= {f"{at}ls1.gamma": 0.5 + some(DIM), f"{at}ls2.gamma": 0.5 + some(DIM)}
    if naming == "mae":
        state |= {"decoder_embed.weight": some(4, DIM), "decoder_blocks.0.norm1.weight": some(4)}
    return state


def plain(state: dict[str, Tensor], grey: Tensor) -> Tensor:
    """The published networks' forward pass, step by step: tokens `(B, 1 + R + L, D)`."""
    mean, std = (torch.tensor(each)[:, None, None] for each in (COLOUR_MEAN, COLOUR_STD))
    colour = (grey.expand(-1, 3, -1, -1) - mean) / std
    kernel = state["patch_embed.proj.weight"]
    x = functional.conv2d(colour, kernel, state["patch_embed.proj.bias"], PATCH).flatten(2).transpose(1, 2)
    x = torch.cat([state["cls_token"].expand(len(x), -1, -1), x], 1)
    if "pos_embed" in state:
        x = x + state["pos_embed"]
    if "register_tokens" in state:
        x = torch.cat([x[:, :1], state["register_tokens"].expand(len(x), -1, -1), x[:, 1:]], 1)

    def norm(values: Tensor, at: str) -> Tensor:
        return functional.layer_norm(values, (DIM,), state[f"{at}.weight"], state[f"{at}.bias"], 1e-6)

    def layer(values: Tensor, at: str) -> Tensor:
        return functional.linear(values, state[f"{at}.weight"], state[f"{at}.bias"])

    for index in range(DEPTH):
        at = f"blocks.{index}"
        bias = state.get(f"{at}.attn.qkv.bias")
        if bias is None:
            query = state[f"{at}.attn.q_bias"]
            bias = torch.cat([query, torch.zeros(DIM), state[f"{at}.attn.v_bias"]])
        packed = functional.linear(norm(x, f"{at}.norm1"), state[f"{at}.attn.qkv.weight"], bias)
        q, k, v = packed.view(*x.shape[:2], 3, HEADS, DIM // HEADS).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) / (DIM // HEADS) ** 0.5
        if f"{at}.attn.relative_position_bias_table" in state:
            scores = scores + relative(state[f"{at}.attn.relative_position_bias_table"])
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(x.shape)
        one = state.get(f"{at}.ls1.gamma", state.get(f"{at}.gamma_1", torch.ones(DIM)))
        two = state.get(f"{at}.ls2.gamma", state.get(f"{at}.gamma_2", torch.ones(DIM)))
        x = x + one * layer(mixed, f"{at}.attn.proj")
        x = x + two * layer(functional.gelu(layer(norm(x, f"{at}.norm2"), f"{at}.mlp.fc1")), f"{at}.mlp.fc2")
    return norm(x, "norm")


def relative(table: Tensor) -> Tensor:
    """BEiT's bias, pair by pair."""
    count, span = SIDE**2 + 1, 2 * SIDE - 1
    found = torch.zeros(HEADS, count, count)
    for i in range(count):
        for j in range(count):
            if i and j:
                (yi, xi), (yj, xj) = divmod(i - 1, SIDE), divmod(j - 1, SIDE)
                row = (yi - yj + SIDE - 1) * span + xi - xj + SIDE - 1
            else:
                row = len(table) - (1 if i == j else 3 if i == 0 else 2)
            found[:, i, j] = table[row]
    return found


CASES: list[tuple[Naming, dict[str, Any]]] = [
    ("mae", {}),
    ("dino", {}),
    ("dino", {"registers": 4, "scale": True}),
    ("usfm", {}),
]


@pytest.mark.parametrize(("naming", "options"), CASES)
def test_the_same_tokens_as_published(naming: Naming, options: dict[str, Any]) -> None:
    state, grey = look_alike(naming, **options), torch.rand(2, 1, SIDE * PATCH, SIDE * PATCH)
    net = load_published(dict(state), naming)
    with torch.no_grad():
        torch.testing.assert_close(net.encode(grey), plain(state, grey), atol=2e-4, rtol=2e-4)
        features = net(grey.expand(-1, 3, -1, -1))
        assert features.cls.shape == (2, net.dim) == (2, DIM)
        assert features.grid.shape == (2, SIDE, SIDE, DIM)
        assert readout(net, last=True)(grey).shape == (2, 2 * DIM)


@pytest.mark.parametrize(("naming", "options"), CASES)
def test_other_resolutions_and_visible_patches_alone(naming: Naming, options: dict[str, Any]) -> None:
    net = load_published(look_alike(naming, **options), naming)
    with torch.no_grad():
        assert net(torch.rand(1, 1, 48, 48)).grid.shape == (1, 6, 6, DIM)
        if naming != "usfm":  # whose bias needs the whole square
            seen = net.encode(torch.rand(2, 1, 32, 32), torch.tensor([[1, 5, 9], [0, 2, 4]]))
            assert seen.shape == (2, 1 + options.get("registers", 0) + 3, DIM)


@pytest.mark.parametrize("wrap", ["teacher", "model"])
def test_wrapped_and_prefixed_weights_are_found(wrap: str) -> None:
    state = look_alike("dino")
    stored = {wrap: {f"module.backbone.{key}": value for key, value in state.items()}, "epoch": 3}
    assert torch.equal(load_published(stored, "dino").norm.weight, state["norm.weight"])


def test_chunked_blocks_are_numbered_through() -> None:
    state = look_alike("dino")
    chunked = {key.replace("blocks.", "blocks.0."): value for key, value in state.items()}
    ours, theirs = load_published(chunked, "dino"), load_published(state, "dino")
    assert all(torch.equal(ours.state_dict()[key], value) for key, value in theirs.state_dict().items())


def test_missing_unknown_and_unfit_weights_are_named() -> None:
    state = look_alike("mae")
    with pytest.raises(ModelError, match=r"a\.pth: lacks 'blocks\.1\.mlp\.fc1\.bias'"):
        load_published({k: v for k, v in state.items() if k != "blocks.1.mlp.fc1.bias"}, "mae", where="a.pth")
    with pytest.raises(ModelError, match=r"unknown to the naming 'mae': blocks\.0\.attn\.k_norm\.weight, rope"):
        load_published(state | {"rope": torch.zeros(1), "blocks.0.attn.k_norm.weight": torch.zeros(1)}, "mae")
    with pytest.raises(ModelError, match="unknown to the naming 'dino': decoder"):
        load_published(state, "dino")
    with pytest.raises(ModelError, match="shapes do not fit"):
        load_published(state | {"blocks.0.norm1.weight": torch.zeros(3)}, "mae")
    with pytest.raises(ModelError, match="no square picture"):
        load_published(state | {"pos_embed": torch.zeros(1, 6, DIM)}, "mae")
    with pytest.raises(ModelError, match="fits no square window"):
        load_published(look_alike("usfm") | {"rel_pos_bias.relative_position_bias_table": torch.zeros(11, 2)}, "usfm")
    with pytest.raises(ModelError, match="4 channels"):
        load_published(state | {"patch_embed.proj.weight": torch.zeros(DIM, 4, PATCH, PATCH)}, "mae")

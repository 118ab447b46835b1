"""The vision transformer keeps the encoder contract, takes any resolution, and its weights are checked on loading."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from lingyin.core.errors import ModelError
from lingyin.nets.masked import MaskedDecoder
from lingyin.nets.vit import SIZES, Vit, VitArchitecture, patchify, sine_positions
from lingyin.nets.weights import load_vit, vit_bytes

SMALL = VitArchitecture(patch=8, dim=32, depth=3, heads=2, registers=4)


@pytest.fixture
def net() -> Vit:
    torch.manual_seed(0)
    return Vit(SMALL).eval()


def write(net: Vit, path: Path) -> Path:
    path.write_bytes(vit_bytes(net.architecture, net.state_dict(), "small"))
    return path


@pytest.mark.parametrize(("height", "width"), [(32, 32), (48, 24)])
def test_it_gives_one_vector_and_one_grid(net: Vit, height: int, width: int) -> None:
    features = net(torch.rand(2, 3, height, width))
    assert features.cls.shape == (2, 32)
    assert features.grid.shape == (2, height // 8, width // 8, 32)


def test_a_picture_of_no_whole_number_of_patches_is_refused(net: Vit) -> None:
    with pytest.raises(ValueError, match="whole number of 8 px patches"):
        net(torch.rand(1, 1, 30, 32))


def test_seeing_all_patches_in_any_order_gives_the_same_vector(net: Vit) -> None:
    images = torch.rand(2, 1, 32, 32)
    shuffled = torch.randperm(16).repeat(2, 1)
    torch.testing.assert_close(net.encode(images, shuffled)[:, 0], net(images).cls)


def test_a_hidden_patch_has_no_influence(net: Vit) -> None:
    images = torch.rand(1, 1, 32, 32)
    visible = torch.arange(8)[None]
    changed = images.clone()
    changed[:, :, 16:] = 0
    torch.testing.assert_close(net.encode(images, visible), net.encode(changed, visible))
    assert not torch.allclose(net(images).cls, net(changed).cls)


def test_features_of_several_layers_end_with_the_last(net: Vit) -> None:
    images = torch.rand(1, 1, 32, 32)
    early, last = net.layers(images, (1, 3))
    torch.testing.assert_close(last.cls, net(images).cls)
    assert not torch.allclose(early.cls, last.cls)


def test_patches_run_row_by_row() -> None:
    image = torch.arange(16.0).view(1, 1, 4, 4)
    assert patchify(image, 2)[0].tolist() == [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]


def test_positions_span_the_same_at_any_grid_and_differ_everywhere() -> None:
    coarse, fine = sine_positions(3, 3, 16), sine_positions(9, 9, 16)
    torch.testing.assert_close(coarse.view(3, 3, -1)[1, 1], fine.view(9, 9, -1)[4, 4])
    assert len(torch.unique(coarse.round(decimals=5), dim=0)) == 9


def test_named_sizes_are_those_of_the_literature() -> None:
    dim, depth, heads = SIZES["tiny"]
    count = sum(value.numel() for value in Vit(VitArchitecture(16, dim, depth, heads)).parameters())
    assert 5.3e6 < count < 5.6e6


def test_the_decoder_puts_tokens_back_in_their_places() -> None:
    torch.manual_seed(0)
    decoder = MaskedDecoder(32, 16, 1, 2)
    tokens, visible = torch.rand(1, 1 + 3, 32), torch.tensor([[0, 2, 3]])
    swapped = tokens[:, [0, 2, 1, 3]]
    out, same = decoder(tokens, visible, (2, 2)), decoder(swapped, visible[:, [1, 0, 2]], (2, 2))
    torch.testing.assert_close(out, same)
    assert out.shape == (1, 4, 16)


def test_weights_come_back_as_they_were(net: Vit, tmp_path: Path) -> None:
    path = write(net, tmp_path / "encoder.safetensors")
    loaded = load_vit(path)
    assert loaded.architecture == SMALL
    images = torch.rand(1, 1, 32, 32)
    torch.testing.assert_close(loaded(images).cls, net(images).cls, rtol=0, atol=0)


def test_a_changed_byte_is_noticed(net: Vit, tmp_path: Path) -> None:
    path = write(net, tmp_path / "encoder.safetensors")
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="checksum"):
        load_vit(path)


def test_a_foreign_file_a_cut_one_and_an_absent_one_are_refused(net: Vit, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.safetensors"
    save_file({"x": torch.zeros(2)}, foreign)
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(write(net, tmp_path / "whole.safetensors").read_bytes()[:1000])
    for path in (foreign, cut, tmp_path / "absent.safetensors"):
        with pytest.raises(ModelError, match=path.name):
            load_vit(path)


def test_weights_that_do_not_fit_their_architecture_are_refused(net: Vit, tmp_path: Path) -> None:
    path = tmp_path / "wide.safetensors"
    wrong = VitArchitecture(patch=8, dim=64, depth=3, heads=2)
    path.write_bytes(vit_bytes(wrong, net.state_dict(), "wrong"))
    with pytest.raises(ModelError, match="do not fit the architecture"):
        load_vit(path)


def test_weights_that_are_not_finite_are_refused(net: Vit, tmp_path: Path) -> None:
    path = tmp_path / "broken.safetensors"
    weights = load_file(write(net, tmp_path / "whole.safetensors"))
    weights["norm.bias"][0] = float("nan")
    path.write_bytes(vit_bytes(SMALL, weights, "broken"))
    with pytest.raises(ModelError, match="not finite"):
        load_vit(path)

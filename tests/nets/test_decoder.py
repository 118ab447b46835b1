"""The decoder: a logit map per structure at half the input's size, starting near "absent"."""

import torch

from lingyin.nets.decoder import Decoder


def levels(batch=2):
    return [torch.rand(batch, 4 * (i + 1), 32 >> i, 48 >> i) for i in range(5)]


def decoder():
    torch.manual_seed(0)
    return Decoder([4, 8, 12, 16, 20], structures=3)


def test_shape_and_quiet_start():
    logits = decoder()(levels())
    assert logits.shape == (2, 3, 32, 48)
    assert logits.sigmoid().mean() < 0.3


def test_maps_run_from_fine_to_coarse():
    net = decoder()
    maps = net.maps(levels())
    assert [each.shape[1] for each in maps] == list(net.widths)
    assert [each.shape[2] for each in maps] == [32, 16, 8, 4, 2]


def test_every_level_matters():
    net = decoder()
    base = levels()
    before = net(base)
    for i in range(5):
        changed = [level.clone() for level in base]
        changed[i] += 1.0
        assert (net(changed) - before).abs().max() > 1e-4

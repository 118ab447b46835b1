"""The joint network: every head from one pass, and an own branch that can learn without touching the rest."""

import torch

from tests.nets.tiny import SIZE, tiny_net, tiny_recipe


def test_shapes_and_order():
    recipe = tiny_recipe()
    answers = tiny_net(recipe)(torch.rand(3, 1, SIZE, SIZE))
    assert answers.cls.shape == (3, 16)
    assert answers.logits.shape == (3, 5)
    assert answers.masks.shape == (3, 2, SIZE // 2, SIZE // 2)
    assert recipe.structures == ("square", "apart")


def test_an_image_set_apart_trains_its_branch_only():
    net = tiny_net().eval()
    answers = net(torch.rand(2, 1, SIZE, SIZE), torch.tensor([True, True]))
    answers.masks[:, 1].sum().backward()
    touched = {
        name.split(".")[0] for name, p in net.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0
    }
    assert touched == {"own"}


def test_an_ordinary_image_trains_the_encoder_through_the_branch():
    net = tiny_net().eval()
    answers = net(torch.rand(2, 1, SIZE, SIZE), torch.tensor([True, False]))
    answers.masks[:, 1].sum().backward()
    assert net.encoder.stem.weight.grad.abs().sum() > 0


def test_setting_apart_does_not_change_the_answers():
    net = tiny_net().eval()
    images = torch.rand(2, 1, SIZE, SIZE)
    torch.testing.assert_close(net(images, torch.tensor([True, False])).masks, net(images).masks)

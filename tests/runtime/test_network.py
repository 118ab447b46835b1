"""The network as the program runs it: the torch network's answers, calibrated, from many threads; tampering refused."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from lingyin.core.clip import Box
from lingyin.core.errors import ModelError
from lingyin.runtime import load_network
from lingyin.runtime.manifest import default_folder, read_manifest
from lingyin.runtime.network import softmax
from tests.nets.tiny import SIZE, tiny_net


def frames(count, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (count, 48, 64, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def network(tiny_folder):
    return load_network(tiny_folder, threads=1)


def prepared(network, count, seed=0):
    return [network.prepare(frame, Box(0, 0, 64, 48)) for frame in frames(count, seed)]


def test_answers_are_those_of_the_torch_network(network):
    batch = prepared(network, 3)
    outputs = network.run(batch)
    net = tiny_net().eval()
    with torch.no_grad():
        answers = net(torch.from_numpy(np.stack([each.image for each in batch]))[:, None])
    for i, each in enumerate(outputs):
        np.testing.assert_allclose(each.features, answers.cls[i].numpy(), atol=2e-3)
        organ, size = answers.logits[i].split([3, 2])
        np.testing.assert_allclose(each.probabilities["organ"], softmax(organ.numpy() / 2.0), atol=2e-3)
        np.testing.assert_allclose(each.probabilities["size"], softmax(size.numpy()), atol=2e-3)
        np.testing.assert_allclose(each.masks["square"], answers.masks[i, 0].sigmoid().numpy(), atol=2e-3)
        np.testing.assert_allclose(each.masks["apart"], answers.masks[i, 1].sigmoid().numpy(), atol=2e-3)
        assert each.masks["square"].shape == (SIZE // 2, SIZE // 2)
        assert each.features.dtype == np.float32
        assert each.novelty > 0


def test_batches_of_any_length_keep_their_order(network):
    batch = prepared(network, 19)
    together = network.run(batch)
    assert len(together) == 19
    for i in (0, 7, 8, 18):
        alone = network.run([batch[i]])[0]
        np.testing.assert_allclose(together[i].features, alone.features, atol=1e-5)
    assert network.run([]) == []


def test_many_threads_get_their_own_answers(network):
    batches = [prepared(network, 5, seed) for seed in range(12)]
    expected = [network.run(batch) for batch in batches]
    with ThreadPoolExecutor(6) as pool:
        for _ in range(3):
            for want, got in zip(expected, pool.map(network.run, batches), strict=True):
                for first, second in zip(want, got, strict=True):
                    np.testing.assert_array_equal(first.features, second.features)
                    np.testing.assert_array_equal(first.masks["square"], second.masks["square"])


def test_outputs_do_not_change_when_the_network_runs_again(network):
    first = network.run(prepared(network, 2))[0]
    kept = first.features.copy(), first.masks["square"].copy()
    network.run(prepared(network, 2, seed=5))
    np.testing.assert_array_equal(first.features, kept[0])
    np.testing.assert_array_equal(first.masks["square"], kept[1])


@pytest.mark.parametrize("name", ["network.xml", "network.bin", "encoder.safetensors", "novelty.npz", "CARD.md"])
def test_a_single_changed_byte_is_refused(tiny_folder, tmp_path, name):
    folder = tmp_path / "copy"
    shutil.copytree(tiny_folder, folder)
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ModelError, match=rf"{name}.*changed"):
        load_network(folder)


def test_missing_folder_and_files_that_the_manifest_does_not_list(tiny_folder, tmp_path):
    with pytest.raises(ModelError, match=r"manifest\.json"):
        load_network(tmp_path)
    folder = tmp_path / "copy"
    shutil.copytree(tiny_folder, folder)
    document = json.loads((folder / "manifest.json").read_text())
    del document["sha256"]["novelty.npz"]
    (folder / "manifest.json").write_text(json.dumps(document))
    with pytest.raises(ModelError, match=r"novelty\.npz"):
        load_network(folder)


def test_manifest_that_promises_other_answers_is_refused(tiny_folder, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(tiny_folder, folder)
    document = json.loads((folder / "manifest.json").read_text())
    document["heads"][0]["labels"].append("spleen")
    (folder / "manifest.json").write_text(json.dumps(document))
    with pytest.raises(ModelError, match="the manifest says"):
        load_network(folder)


def test_packaged_network_answers_for_every_head():
    network = load_network(threads=1)
    outputs = network.run([network.prepare(frames(1)[0], Box(0, 0, 64, 48))])[0]
    manifest = read_manifest(default_folder())
    assert {head.name for head in manifest.heads} == {*outputs.probabilities, *outputs.masks}
    for head in manifest.heads:
        if head.task == "classify":
            assert outputs.probabilities[head.name].shape == (len(head.labels),)
            assert outputs.probabilities[head.name].sum() == pytest.approx(1.0, abs=1e-5)
        else:
            assert 0 <= outputs.masks[head.name].min() <= outputs.masks[head.name].max() <= 1


def test_noise_and_black_frames_are_not_taken_for_an_organ():
    network = load_network(threads=1)
    index = network.manifest.head("organ").labels.index("none")
    pictures = [
        np.zeros((300, 400, 3), np.uint8),
        np.random.default_rng(0).integers(0, 255, (300, 400, 3)).astype(np.uint8),
    ]
    for outputs in network.run([network.prepare(picture, Box(0, 0, 400, 300)) for picture in pictures]):
        assert outputs.novelty > 1 or outputs.probabilities["organ"].argmax() == index

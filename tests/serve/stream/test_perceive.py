"""What is said of frames: the aorta is found where it lies, and frames that disagree are told, not smoothed away."""

from __future__ import annotations

import gc
import json

import numpy as np

from lingyin.runtime import Network
from lingyin.serve.stream.answer import MASK, READING, TARGET, answers, describe
from lingyin.serve.stream.perceive import Perception, load_perception
from lingyin.serve.stream.robot.volume import Pose, Volume
from tests.serve.stream.conftest import frame

Spacing = tuple[float, float]


def test_the_aorta_is_found_where_it_lies(network: Network, volume: Volume, spacing: Spacing) -> None:
    perception = Perception(network)
    for number, x in enumerate((0.0, 25.0, -25.0)):
        look = perception.look(frame(volume, x), spacing, number / 30)
        truth = volume.vessel.cut(Pose(x, 0.0))
        assert look.decision.organ == "abdominal_aorta"
        assert look.target is not None
        assert look.target.offset_mm is not None
        assert abs(look.target.offset_mm[0] - truth.sideways_mm) < 2.0
    assert look.steady_mm is not None  # of three frames that lie far apart
    assert look.spread_mm is not None
    assert look.spread_mm > 20
    assert look.advice[0] == "slide"


def test_messages_lie_over_the_picture(network: Network, volume: Volume, spacing: Spacing) -> None:
    look = Perception(network).look(frame(volume), spacing, 0.0)
    text, points, label_map = answers(look, 99.5, 7, 2, 12.34)
    assert [each.device_name for each in (text, points, label_map)] == [READING, TARGET, MASK]
    assert {each.timestamp for each in (text, points, label_map)} == {99.5}
    reading = json.loads(text.string)  # type: ignore[attr-defined]
    assert (reading["sequence"], reading["dropped"], reading["latency_ms"]) == (7, 2, 12.3)
    assert reading["organ"]["name"]["zh-Hans"]
    assert reading["target"]["structure"] == "abdominal_aorta_outer"
    centre = np.asarray(points.positions)[0, :2]  # type: ignore[attr-defined]
    np.testing.assert_allclose(centre / spacing, reading["target"]["centre_px"], atol=0.02)
    rows, columns = np.nonzero(label_map.image[0])  # type: ignore[attr-defined]
    matrix = label_map.ijk_to_world_matrix  # type: ignore[attr-defined]
    middle = matrix[:2, :2] @ [columns.mean(), rows.mean()] + matrix[:2, 3]
    assert np.abs(middle - centre).max() < 2.0  # less than a cell of the grid
    assert all(len(each.pack()) > 58 for each in (text, points, label_map))


def test_a_frame_that_disagrees_is_told(network: Network, volume: Volume, spacing: Spacing) -> None:
    """The frames before say aorta, this one is noise: it is not covered up by them, and gives no target."""
    perception = Perception(network)
    first = frame(volume)
    for number in range(4):
        agreed = perception.look(first, spacing, number / 30)
    assert (agreed.decision.organ, agreed.decision.joined.agreement) == ("abdominal_aorta", 1.0)
    noise = np.random.default_rng(1).integers(0, 255, first.shape, dtype=np.uint8)
    look = perception.look(noise, spacing, 5 / 30)
    assert look.contradicts
    assert look.target is None
    reading = describe(look, 0.0, 0, 0, 0.0)
    assert reading["now"]["contradicts"]
    assert reading["now"]["code"] != "abdominal_aorta"
    assert reading["organ"]["agreement"] < 1.0
    assert reading["target"] is reading["view"] is None


def test_old_frames_and_frames_of_another_size_count_no_more(
    network: Network, volume: Volume, spacing: Spacing
) -> None:
    perception = Perception(network)
    noise = np.random.default_rng(1).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    for number in range(4):
        look = perception.look(noise, None, number / 30)
    assert look.decision.organ is None
    assert look.decision.reason
    assert describe(look, 0.0, 0, 0, 0.0)["organ"]["doubt"] == look.decision.reason
    assert perception.look(frame(volume), spacing, 0.2).decision.joined.agreement == 1.0
    for number in range(4):
        perception.look(frame(volume, z_mm=10.0 * number), spacing, 0.3 + number / 30)
    late = perception.look(frame(volume), spacing, 9.0)
    assert late.steady_mm is None  # the places of before are too old


def test_what_is_loaded_for_good_is_no_work_for_the_collector() -> None:
    gc.unfreeze()  # what other tests loaded for good
    try:
        load_perception(threads=1)
        assert gc.get_freeze_count() > 10_000
        assert len(gc.get_objects()) < 10_000
    finally:
        gc.unfreeze()


def test_a_black_frame_says_so(network: Network) -> None:
    look = Perception(network).look(np.zeros((240, 320, 3), np.uint8), None, 0.0)
    assert look.quality.code == "no-picture"
    assert look.target is None
    assert look.advice[0] == "press more"

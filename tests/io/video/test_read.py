"""Videos of every container: exact count, colours, times, order, random access equal to walking through."""

from __future__ import annotations

import gc
import threading
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest

from lingyin.core.errors import NoFramesError, UnreadableError
from lingyin.io import open_clip
from tests.io.dicom.makers import psnr
from tests.io.video_makers import moving, write_video

CONTAINERS = [
    ("a.mp4", "libx264", {}),
    ("b.mp4", "mpeg4", {}),
    ("c.mov", "libx264", {}),
    ("d.avi", "mpeg4", {"max_b_frames": 2}),
    ("e.avi", "mjpeg", {"pixel_format": "yuvj420p"}),
    ("f.mpg", "mpeg2video", {"max_b_frames": 2}),
    ("g.mpeg", "mpeg1video", {}),
    ("h.webm", "libvpx", {}),
    ("i.webm", "libvpx-vp9", {}),
    ("j.mkv", "ffv1", {"pixel_format": "bgr0"}),
    ("k.wmv", "wmv2", {}),
    ("l.flv", "flv", {}),
    ("m.ts", "libx264", {}),
    ("n.mp4", "libx265", {}),
]


@pytest.fixture(scope="module")
def frames():
    return moving(30)


@pytest.mark.parametrize(("name", "codec", "options"), CONTAINERS)
def test_containers(tmp_path, frames, name, codec, options):
    clip = open_clip(write_video(tmp_path / name, frames, codec, **options))
    assert clip.source.kind == "video"
    assert (len(clip), clip.width, clip.height) == (30, 64, 48)
    assert np.allclose(clip.times_s, np.arange(30) * 0.04, atol=0.0011)
    walked = list(clip.frames)
    assert min(psnr(found, frame) for found, frame in zip(walked, frames, strict=True)) > 28
    for index in (29, 0, 17, 16, 3, 24, 25, -1):
        assert np.array_equal(clip.frames[index], walked[index])


def test_lossless_video_is_exact(tmp_path, frames):
    clip = open_clip(write_video(tmp_path / "a.mkv", frames, "ffv1", pixel_format="bgr0"))
    assert np.array_equal(np.stack(list(clip.frames)), frames)
    assert clip.pixel_aspect == 1
    assert clip.regions == ()


def test_gif(tmp_path):
    grey = np.repeat(moving(12)[..., :1], 3, axis=3)
    clip = open_clip(write_video(tmp_path / "a.gif", grey, "gif", pixel_format="gray"))
    assert len(clip) == 12
    assert np.allclose(np.diff(clip.times_s), 0.04)
    assert min(psnr(found, frame) for found, frame in zip(clip.frames, grey, strict=True)) > 30


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.webm"])
def test_variable_frame_rate(tmp_path, name):
    steps = [40, 10, 200, 35, 40, 40, 5, 90, 33, 33, 34]
    stamps = np.concatenate([[0], np.cumsum(steps)])
    codec = "libvpx" if name.endswith("webm") else "libx264"
    clip = open_clip(write_video(tmp_path / name, moving(12), codec, stamps_ms=[int(s) for s in stamps]))
    assert np.allclose(clip.times_s, stamps / 1000, atol=0.0011)


def test_times_start_at_zero(tmp_path):
    clip = open_clip(write_video(tmp_path / "a.mkv", moving(5), "mpeg4", stamps_ms=[700, 740, 780, 820, 860]))
    assert np.allclose(clip.times_s, np.arange(5) * 0.04)


def test_long_groups_and_two_way_references(tmp_path):
    frames = moving(60)
    path = write_video(tmp_path / "a.mp4", frames, "libx264", key_every=30, options={"bf": "3", "refs": "4"})
    clip = open_clip(path)
    walked = [frame.copy() for frame in clip.frames]
    for index in np.random.default_rng(1).permutation(60):
        assert np.array_equal(clip.frames[int(index)], walked[index])


def test_pixel_aspect_is_height_over_width(tmp_path):
    clip = open_clip(write_video(tmp_path / "a.mp4", moving(3), "mpeg4", aspect=Fraction(4, 3)))
    assert clip.pixel_aspect == pytest.approx(0.75)


def test_damaged_packets_are_left_out_and_told(tmp_path, frames):
    path = write_video(tmp_path / "a.mp4", frames, "libx264", key_every=5, container_options={"movflags": "faststart"})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * 0.7)])
    clip = open_clip(path)
    assert 0 < len(clip) < 30
    assert "damaged" in clip.source.notes[0]
    assert len(list(clip.frames)) == len(clip) == len(clip.times_s)
    assert np.all(np.diff(clip.times_s) > 0)
    clip.frames[-1]


def test_no_frames(tmp_path):
    with pytest.raises((NoFramesError, UnreadableError), match=r"a\.mp4"):
        open_clip(write_video(tmp_path / "a.mp4", moving(1)[:0].reshape(0, 48, 64, 3), "mpeg4"))


def test_sound_alone_is_no_scan(tmp_path):
    import av

    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.rate, sound.pts = 8000, 0
        out.mux(stream.encode(sound))
        out.mux(stream.encode(None))
    with pytest.raises(NoFramesError, match="no picture track"):
        open_clip(path)


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mpg", "a.webm"])
def test_random_bytes(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(UnreadableError, match="no scan in any known format"):
        open_clip(path)


@pytest.mark.parametrize(
    "head", [b"\0\0\0\x18ftypmp42", b"RIFF\0\0\0\0AVI ", b"\x1a\x45\xdf\xa3", b"GIF89a", b"\0\0\1\xba"]
)
def test_the_head_of_a_video_and_then_nothing(tmp_path, head):
    path = tmp_path / "a.mp4"
    path.write_bytes(head + bytes(40))
    with pytest.raises((UnreadableError, NoFramesError), match=r"a\.mp4"):
        open_clip(path)


def test_two_threads_read_one_clip(tmp_path, frames):
    clip = open_clip(write_video(tmp_path / "a.mkv", frames, "ffv1", pixel_format="bgr0", key_every=5))
    wrong: list[int] = []

    def look(seed: int) -> None:
        for index in np.random.default_rng(seed).permutation(30):
            if not np.array_equal(clip.frames[int(index)], frames[index]):
                wrong.append(int(index))

    def walk() -> None:
        wrong.extend(i for i, frame in enumerate(clip.frames) if not np.array_equal(frame, frames[i]))

    threads = [threading.Thread(target=look, args=(seed,)) for seed in (1, 2)] + [threading.Thread(target=walk)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_memory_does_not_grow_with_length(tmp_path):
    """2,000 frames of 64 x 48 are 18 MB; a walk through them may hold a small part of that."""
    path = write_video(tmp_path / "a.mp4", np.broadcast_to(moving(1), (2000, 48, 64, 3)), "mpeg4")
    clip = open_clip(path)
    assert len(clip) == 2000
    gc.collect()
    tracemalloc.start()
    for frame in clip.frames:
        assert frame.shape == (48, 64, 3)
    for index in range(0, 2000, 97):
        clip.frames[index]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_messages_of_the_library_never_reach_python():
    """With a log level set, libav's threads wait for Python's lock while Python waits for them (a deadlock)."""
    import av

    import lingyin.io.video.stream  # noqa: F401

    assert av.logging.get_level() is None

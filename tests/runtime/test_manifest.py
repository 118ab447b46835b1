"""The manifest: read without heavy imports, and refused with a sentence where it cannot be trusted."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lingyin.core.errors import ModelError
from lingyin.runtime.manifest import FORMAT, Head, Manifest, default_folder, read_manifest, read_verified


def make_folder(folder, **changes):
    (folder / "network.bin").write_bytes(b"weights")
    document = {
        "format": FORMAT,
        "name": "tiny",
        "version": "1",
        "input_size": 32,
        "features": 16,
        "heads": [{"name": "organ", "task": "classify", "labels": ["liver", "none"]}],
        "sha256": {"network.bin": hashlib.sha256(b"weights").hexdigest()},
    }
    (folder / "manifest.json").write_text(json.dumps(document | changes), encoding="utf-8")
    return folder


def test_reads_what_was_written(tmp_path):
    manifest = read_manifest(make_folder(tmp_path))
    assert manifest.head("organ").labels == ["liver", "none"]
    assert read_verified(tmp_path, manifest, "network.bin") == b"weights"
    with pytest.raises(KeyError):
        manifest.head("spleen")


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"format": 99}, "format 99"), ({"heads": [{"name": "x"}]}, r"heads\.0"), ({"colour": 1}, "colour")],
)
def test_another_format_or_a_wrong_field_is_named(tmp_path, changes, words):
    with pytest.raises(ModelError, match=words):
        read_manifest(make_folder(tmp_path, **changes))


def test_missing_and_damaged(tmp_path):
    with pytest.raises(ModelError, match=r"manifest\.json"):
        read_manifest(tmp_path / "nowhere")
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="damaged"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ModelError, match="format None"):
        read_manifest(tmp_path)


def test_a_changed_missing_or_unlisted_file_is_refused(tmp_path):
    manifest = read_manifest(make_folder(tmp_path))
    (tmp_path / "network.bin").write_bytes(b"Weights")
    with pytest.raises(ModelError, match="changed since"):
        read_verified(tmp_path, manifest, "network.bin")
    (tmp_path / "network.bin").unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        read_verified(tmp_path, manifest, "network.bin")
    with pytest.raises(ModelError, match="does not list"):
        read_verified(tmp_path, manifest, "other.bin")


def test_fingerprint_changes_with_any_file():
    head = Head(name="organ", task="classify", labels=["liver"])
    first = Manifest(format=FORMAT, name="a", version="1", input_size=32, features=4, heads=[head], sha256={"a": "1"})
    assert first.fingerprint != first.model_copy(update={"sha256": {"a": "2"}}).fingerprint
    assert first.fingerprint == first.model_copy(update={"version": "2"}).fingerprint


def test_reading_the_packaged_manifest_loads_nothing_heavy():
    code = (
        "import sys\n"
        "from lingyin.runtime.manifest import default_folder, read_manifest\n"
        "read_manifest(default_folder())\n"
        "print(sorted({'numpy', 'openvino', 'cv2', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_packaged_network_is_small_and_complete():
    folder = default_folder()
    manifest = read_manifest(folder)
    assert {path.name for path in folder.iterdir()} == {*manifest.sha256, "manifest.json"}
    assert sum(path.stat().st_size for path in folder.iterdir()) < 30e6
    for name in manifest.sha256:
        read_verified(folder, manifest, name)
    text = (folder / "network.xml").read_text(encoding="utf-8")
    assert ".py" not in text
    assert not re.search(r"(?<![\w<])/\w", text), "no path of the machine that exported it"
    tops = [f"/{each.name}/" for each in Path("/").iterdir() if each.is_dir()]
    assert not any(part in text for part in (*tops, "/home/", "/root/", "/tmp/"))
    assert "Research use only" in (folder / "CARD.md").read_text(encoding="utf-8")

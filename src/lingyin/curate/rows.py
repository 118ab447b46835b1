"""The columns of the catalogue, one row per picture, and what a unit of work notes besides."""

from __future__ import annotations

import pyarrow as pa

_TEXTS = pa.list_(pa.string())

PICTURE = [
    ("id", pa.string()),  # name of the sample in its shard, unique in the corpus
    ("source", pa.string()),
    ("reader", pa.string()),
    ("data_set", pa.string()),  # name in the registry, where it is a published set
    ("key", pa.string()),  # name within the published set; a running number where it could name a person
    ("frame", pa.int32()),
    ("frames", pa.int32()),  # of the clip that it is from
    ("status", pa.string()),  # kept | apart | dropped
    ("reason", pa.string()),
    ("given_split", pa.string()),
    ("group", pa.string()),  # subject, else video, else picture, as the source says
    ("subject", pa.string()),
    ("region", pa.string()),
    ("organ", pa.string()),
    ("yes", _TEXTS),
    ("no", _TEXTS),
    ("masks", _TEXTS),  # structures with an outline; a mask without any pixel is stored but not listed
    ("measurements", pa.string()),  # JSON, {code: number}
    ("points", pa.string()),  # JSON, {name: [[x, y], ...]} in stored pixels
    ("facts", pa.string()),  # JSON, {name: text} for which the tree has no node
    ("mm_per_px_x", pa.float64()),  # of the stored picture
    ("mm_per_px_y", pa.float64()),
    ("width", pa.int32()),
    ("height", pa.int32()),
    ("source_width", pa.int32()),
    ("source_height", pa.int32()),
    ("crop", pa.list_(pa.int32())),  # left, top, right, bottom in the picture that was read
    ("colour", pa.bool_()),
    ("quality", pa.float32()),
    ("quality_code", pa.string()),
    ("text_boxes", pa.int32()),
    ("device", pa.string()),
    ("licence", pa.string()),
    ("reuse", pa.string()),  # yes | research | no | unknown
    ("digest", pa.binary(16)),  # of the stored pixels: equal for exact copies
    ("hash", pa.list_(pa.uint64())),
]
WORK = [
    ("thumb", pa.binary()),
    ("origin", pa.string()),  # file under the source; stays with the work, for names of files may name people
    ("place", pa.int64()),  # of the files in the unit's other half
    ("bytes", pa.int64()),
]
JOINED = [
    ("split", pa.string()),  # train | val | test; empty for pictures that are not kept
    ("duplicate_group", pa.int64()),
    ("is_copy", pa.bool_()),  # another picture of the duplicate group comes before it
    ("split_group", pa.int64()),  # no two splits share one
    ("shard", pa.string()),
    ("offset", pa.int64()),  # of the whole sample in the shard
    ("bytes", pa.int64()),
]

UNIT_SCHEMA = pa.schema(PICTURE + WORK)
CATALOGUE_SCHEMA = pa.schema(PICTURE + JOINED)
PICTURE_NAMES = [name for name, _ in PICTURE]

"""A folder that Hugging Face `datasets` loads: Parquet per split with pictures inside, features told in its schema."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lingyin.core.files import write_file
from lingyin.curate.corpus import Corpus

MOST_BYTES = 200_000_000  # of one file
NAMES = {"train": "train", "val": "validation", "test": "test"}
_COLUMNS = ("source", "group", "region", "organ", "yes", "no", "measurements", "mm_per_px_x", "mm_per_px_y", "quality",
            "device", "licence", "reuse", "duplicate_group")  # fmt: skip
_PICTURE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def write(corpus: Corpus, chosen: list[int], out: Path) -> int:
    """`out/data/SPLIT-00000-of-00001.parquet` and `out/README.md`; `datasets.load_dataset(out)` reads it.

    Columns: `image`, `sector`, `mask_CODE` (pictures; None where nothing is outlined) and columns of the catalogue.
    """
    rows = corpus.rows
    splits = rows.column("split").to_pylist()
    codes = sorted({code for index in chosen for code in rows.column("masks")[index].as_py()})
    schema = _schema(rows.schema, codes)
    for split, name in NAMES.items():
        some = [index for index in chosen if splits[index] == split]
        files = list(_cut(corpus, some))
        for number, part in enumerate(files):
            table = pa.Table.from_pylist([_row(corpus, index, codes) for index in part], schema=schema)
            sink = io.BytesIO()
            pq.write_table(table, sink, row_group_size=100)
            write_file(out / "data" / f"{name}-{number:05d}-of-{len(files):05d}.parquet", sink.getvalue())
    write_file(out / "README.md", _readme(corpus, chosen, splits).encode())
    return len(chosen)


def _cut(corpus: Corpus, chosen: list[int]) -> Iterator[list[int]]:
    """Rows of one file after the other."""
    sizes = corpus.rows.column("bytes").to_pylist()
    part: list[int] = []
    filled = 0
    for index in chosen:
        if part and filled + sizes[index] > MOST_BYTES:
            yield part
            part, filled = [], 0
        part.append(index)
        filled += sizes[index]
    if part:
        yield part


def _row(corpus: Corpus, index: int, codes: list[str]) -> dict[str, Any]:
    files = corpus.files(index)
    told = corpus.rows.slice(index, 1).to_pylist()[0]
    name = told["id"]
    row: dict[str, Any] = {"id": name, **{column: told[column] for column in _COLUMNS}}
    row["image"] = {"bytes": files[corpus.ending], "path": f"{name}.{corpus.ending}"}
    row["sector"] = {"bytes": files["sector.png"], "path": f"{name}.sector.png"}
    for code in codes:
        ending = f"mask_{code}.png"
        row[f"mask_{code}"] = {"bytes": files[ending], "path": f"{name}.{ending}"} if ending in files else None
    return row


def _schema(catalogue: pa.Schema, codes: list[str]) -> pa.Schema:
    pictures = ["image", "sector", *(f"mask_{code}" for code in codes)]
    plain = [catalogue.field(name) for name in ("id", *_COLUMNS)]
    features: dict[str, Any] = {name: {"_type": "Image"} for name in pictures}
    for field in plain:
        kind = field.type.value_type if pa.types.is_list(field.type) else field.type
        value = {"dtype": {"double": "float64", "float": "float32"}.get(str(kind), str(kind)), "_type": "Value"}
        features[field.name] = {"feature": value, "_type": "Sequence"} if pa.types.is_list(field.type) else value
    schema = pa.schema([*((name, _PICTURE) for name in pictures), *plain])
    ordered = {name: features[name] for name in schema.names}
    return schema.with_metadata({"huggingface": json.dumps({"info": {"features": ordered}})})


def _readme(corpus: Corpus, chosen: list[int], splits: list[str]) -> str:
    licences = corpus.rows.column("licence").to_pylist()
    lines = ["---", "license: other", "configs:", "- config_name: default", "  data_files:"]
    for split, name in NAMES.items():
        if any(splits[index] == split for index in chosen):
            lines += [f"  - split: {name}", f"    path: data/{name}-*"]
    held = sorted({str(licences[index]) for index in chosen})
    lines += ["---", "", "# Ultrasound pictures", "", f"{len(chosen)} pictures of a corpus with SHA-256"]
    lines += [f"`{corpus.head['sha256']}`. The column `licence` names the licence of each; there are:", ""]
    return "\n".join([*lines, *(f"- {licence}" for licence in held), ""])

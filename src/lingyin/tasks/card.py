"""The model card, written from the data cards, the recipe and the measured scores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lingyin.runtime.manifest import Head

LIMITS = """\
- Research use only. Not a medical device; it has not been tested on patients of any clinic.
- Small public sets, mostly from one device or centre each: expect lower scores elsewhere. Scores are of these sources.
- Aorta and aortic root were learnt from synthetic images alone. No score below says anything about real ones.
- Thyroid and gallbladder images were crops around the lesion or organ; on whole pictures these heads are less sure.
- One frame at a time: motion, Doppler, elastography and clinical facts are not seen.
- Organs not listed under `organ` are unknown to it; `none` was learnt from noise, text, photographs and MR slices."""


def write_card(heads: Sequence[Head], cards: Mapping[str, Mapping[str, Any]], facts: Mapping[str, Any]) -> str:
    """Markdown: what it is, data with licences and traps, scores with intervals, limits, cost.

    `facts` are fields of the manifest: name, version, input_size, saw, images_seen, training_hours, machine.
    """
    lines = [
        f"# {facts['name']} {facts['version']}",
        "",
        "One EfficientNet-lite0 encoder (ImageNet weights, Apache-2.0), a linear layer for all classifying heads, one",
        "light decoder for all masks. Grey input, "
        f"{facts['input_size']} x {facts['input_size']} pixels, cropped to the scan sector. **Research use only.**",
        "",
        "## Training data",
        "",
        "| set | images | licence as stated | traps |",
        "|---|---|---|---|",
    ]
    for name, count in facts["saw"].items():
        card = cards.get(name, {})
        told = card.get("licence", "made by this project")
        lines.append(f"| {name} | {count} | {told} | {card.get('traps', '')} |")
    lines += [
        "",
        "Only the train splits were learnt from; temperatures and operating points come from val. `heart_lv`",
        "trains the layers of `left_ventricle_cavity` alone and no other weight, because its origin is unconfirmed.",
        "Weights from openly licensed sets alone: `scripts/train_first_network train --licence open`.",
        "",
        "## Scores on the test splits (95 % bootstrap interval over subjects)",
        "",
        "| head | metric | value | interval | images | caveats |",
        "|---|---|---|---|---|---|",
    ]
    for head in heads:
        for score in head.scores:
            lines.append(
                f"| {head.name} | {score.metric} | {score.value:.3f} | {score.low:.3f} to {score.high:.3f} | {score.n} "
                f"| {', '.join(head.caveats)} |"
            )
    lines += ["", "## Limits", "", LIMITS, "", "## Cost", ""]
    lines.append(
        f"{facts['images_seen']} augmented images seen in {facts['training_hours']:.2f} hours of optimiser time on "
        f"{facts['machine']}."
    )
    return "\n".join(lines) + "\n"


def read_cards(root: Path | None) -> dict[str, dict[str, Any]]:
    """`card.json` of every set under the data root; empty where there is none."""
    if root is None:
        return {}
    return {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(root.glob("*/card.json"))}

"""The parts of the learning method, and a config with each of them off in turn, at the same number of steps."""

from __future__ import annotations

from typing import Any

from lingyin.core.errors import UsageError
from lingyin.pretrain.config import PretrainConfig

ALL = "all parts"
AT_ONCE = 1e-9  # end of a first stage that holds for step 0 alone


def variants(config: PretrainConfig) -> dict[str, PretrainConfig]:
    """Configs by name: all parts, then one without each part that the config has on.

    Raises:
        UsageError: the config has none of the parts that can be left out.
    """
    found = {ALL: config}
    for name, change in _off(config).items():
        known = config.model_dump(mode="json") | change
        found[f"without {name}"] = PretrainConfig.model_validate(known)
    if len(found) == 1:
        raise UsageError(f"config {config.name!r} has no part that can be switched off; take one with several on")
    return found


def _off(config: PretrainConfig) -> dict[str, dict[str, Any]]:
    """Tables that replace the config's, by the part that they switch off."""
    known = config.model_dump(mode="json")
    stages = [dict(stage) for stage in known["stages"]]
    changes: dict[str, dict[str, Any]] = {}
    switches = {"tree contrast": ("contrast", "weight"), "tree classifier": ("classifier", "weight")}
    switches["pictures as leaves"] = ("contrast", "pictures")
    structured = {name: switch for name, switch in switches.items() if known[switch[0]][switch[1]]}
    plain = [stage | {"hard_share": 0.0} for stage in stages]
    no_hard = {"hard": {"weight": 0.0}, "stages": plain}
    if config.targets.some and structured:
        # ranks of losses mean nothing where nothing is reconstructed, so hard patches go too
        only = no_hard | {"stages": [stage | {"structured": True} for stage in plain]}
        changes["masked reconstruction"] = only | {"targets": dict.fromkeys(known["targets"], 0.0)}
    if config.hard.weight:
        changes["hard patches"] = no_hard
    for name, (table, key) in structured.items():
        if config.targets.some or len(structured) > 1:
            changes[name] = {table: known[table] | {key: 0.0}}
    if config.data.sources:
        changes["few sources a batch"] = {"data": known["data"] | {"sources": 0}}
    if len(stages) > 1:
        last = stages[-1]
        changes["progressive training"] = {"stages": [last | {"until": AT_ONCE}, last]}
    return changes

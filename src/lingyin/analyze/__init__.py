"""From frames to findings: organ, key frames, outlines over time, measurements, rules, abstention. Knows no file
format."""

from lingyin.analyze.engine import Engine

__all__ = ["Engine"]

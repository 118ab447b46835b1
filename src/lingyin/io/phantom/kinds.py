"""The kinds of phantom by name."""

from __future__ import annotations

from lingyin.io.phantom.aorta import Aorta
from lingyin.io.phantom.carotid import Carotid
from lingyin.io.phantom.head import FetalHead
from lingyin.io.phantom.ovary import Ovary
from lingyin.io.phantom.root import AorticRoot
from lingyin.io.phantom.scene import Scene
from lingyin.io.phantom.thyroid import Thyroid
from lingyin.io.phantom.ventricle import LeftVentricle

SCENES: dict[str, type[Scene]] = {
    "aorta": Aorta,
    "aortic-root": AorticRoot,
    "thyroid": Thyroid,
    "ovary": Ovary,
    "fetal-head": FetalHead,
    "left-ventricle": LeftVentricle,
    "carotid": Carotid,
}

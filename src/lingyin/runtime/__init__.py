"""The exported network with its manifest, run in OpenVINO; decoding of every head. Knows no clinical rule."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lingyin.runtime.manifest import Manifest, default_folder, read_manifest
    from lingyin.runtime.network import Network, Outputs, Prepared, load_network

__all__ = ["Manifest", "Network", "Outputs", "Prepared", "default_folder", "load_network", "read_manifest"]


def __getattr__(name: str) -> Any:
    """Names are fetched when first used: the manifest alone must not pull in numpy and OpenVINO."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "manifest" if name in {"Manifest", "default_folder", "read_manifest"} else "network"
    return getattr(import_module(f"lingyin.runtime.{home}"), name)

"""The DICOM node: stores what a scanner or an archive sends, analyses each image once, sends the results to a peer."""

from lingyin.serve.node.node import Node
from lingyin.serve.node.settings import NodeSettings, Peer, Tls

__all__ = ["Node", "NodeSettings", "Peer", "Tls"]

"""The ward's web page and its API: scans are uploaded, queued, analysed and shown. Knows no inside of the analysis."""

from lingyin.serve.app import make_app
from lingyin.serve.settings import Settings

__all__ = ["Settings", "make_app"]

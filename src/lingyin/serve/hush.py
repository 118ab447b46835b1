"""What libraries may write into a log."""

from __future__ import annotations

import logging
import warnings


def hush_headers() -> None:
    """Silences pydicom: what it says about a damaged value quotes the value, which may be a name or birth date."""
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=r"pydicom\b")

"""A damaged header is read without its value reaching the log."""

from __future__ import annotations

import logging

import pytest
from pydicom.dataelem import DataElement

from lingyin.serve.hush import hush_headers


def test_a_damaged_value_is_not_quoted_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("pydicom")
    level = logger.level
    try:
        logger.setLevel(logging.WARNING)
        logger.warning("Invalid value for VR DA: 'Doe^Jane'")
        assert "Doe^Jane" in caplog.text
        caplog.clear()
        hush_headers()
        logger.warning("Invalid value for VR DA: 'Doe^Jane'")
        DataElement(0x00100030, "DA", "Doe^Jane")  # would warn, and warnings are errors here
        assert "Doe^Jane" not in caplog.text
    finally:
        logger.setLevel(level)

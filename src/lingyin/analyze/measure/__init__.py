"""Measuring: outlines and pictures of single frames come in, values with unit, interval and evidence go out."""

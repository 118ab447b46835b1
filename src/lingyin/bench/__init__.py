"""Metrics with intervals and the tables made from them."""

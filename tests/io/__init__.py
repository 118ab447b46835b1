"""Tests of the readers, the sector finder and the phantoms."""  # noqa: A005

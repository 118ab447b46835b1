"""The exported network with its manifest, run in OpenVINO; decoding of every head. Knows no clinical rule."""

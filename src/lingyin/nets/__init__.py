"""Encoders behind one contract, decoders, heads, weights and export."""

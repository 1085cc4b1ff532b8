"""Bit-accurate NumPy models of the circuits, written apart from them."""

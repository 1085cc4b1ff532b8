"""Attention inputs of a real transformer, and synthetic ones of the same shape."""

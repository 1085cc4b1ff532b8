"""The circuits, described in MyHDL, and their bit-accurate models."""

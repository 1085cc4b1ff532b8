# The library has no tap cells: nothing to place.

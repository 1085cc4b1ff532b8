# The library has no tap cells: each cell ties its wells to its own rails.

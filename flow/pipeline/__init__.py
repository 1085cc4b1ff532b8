"""From MyHDL to GDS: the graph of steps, the run, what is measured of it."""

"""From a mapped netlist and its Liberty files to switching activity, for any design and PDK."""

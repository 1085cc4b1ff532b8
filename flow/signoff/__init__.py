"""Checks of a finished layout: is it the netlist, and does the netlist compute what the Verilog says."""

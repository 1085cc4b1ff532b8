"""The activities at which a run's power is told."""

# OpenROAD's own guess, without a simulation.
DEFAULT_ACTIVITY = "default"
# Of the routed netlist on the workload's data: without delays, and with those of the layout.
ZERO_DELAY, TIMED = "zero_delay", "timed"
SIMULATED_ACTIVITIES = (ZERO_DELAY, TIMED)

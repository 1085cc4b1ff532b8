"""Search over parameters of designs and settings of the flow, for several objectives at once."""

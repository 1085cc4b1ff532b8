"""Units with gradual underflow, Inf and NaN, rounded to nearest or truncated: see `hdl/ieee_format.py`."""

"""Kernels side by side: what to run, what the results say, and how it is shown."""

"""Units of fixed- and floating-point arithmetic."""

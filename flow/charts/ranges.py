"""The range around a chart's value."""

# Its low and its high end.
Span = tuple[float, float]

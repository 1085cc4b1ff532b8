"""How far each operator's results lie from exact ones: in a product, in attention, in a whole model."""

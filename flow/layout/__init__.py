"""What a layout looks like and what it is made of: placements, wires, pictures, pages."""

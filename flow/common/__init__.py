"""What every part of the flow uses."""

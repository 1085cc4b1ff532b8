"""Programs that run inside the engines."""

"""One hardware unit per file, smallest first."""

"""One folder per PDK: where its data lies and how the engines treat it."""

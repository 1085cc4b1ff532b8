"""Charts from one description each: as a picture for Markdown, interactive for HTML."""

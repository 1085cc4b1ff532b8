"""Bar charts from one description: as a picture for Markdown, interactive for HTML."""

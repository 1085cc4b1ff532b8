"""The reproduction report: from the committed results to one page in Markdown and in HTML."""

"""Units of exponentials and of products with powers of two."""

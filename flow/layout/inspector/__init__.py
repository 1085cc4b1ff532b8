"""A finished run as a page to look into: cells, nets, power, timing."""

"""From a design's name to its layout, its metrics and its reports."""

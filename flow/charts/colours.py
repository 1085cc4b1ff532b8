"""The colours and signs of series, in order: every chart's first series has the first ones."""

# Of grids, and of a front over all series; the sixth series has it too.
GREY = "#8c8c8c"
# Far apart in lightness, so that a greyscale print keeps them; mid tones show on white and on black.
COLOURS = (
    "#2f6fb0", "#e0a030", "#4fa38a", "#b0486a", "#7a5fc0", GREY,
    "#c9622a", "#5fb8dc", "#7d6a2f", "#d487c0",
)  # fmt: skip
SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")
DASHES = ([6, 4], [2, 3], [8, 3, 2, 3])

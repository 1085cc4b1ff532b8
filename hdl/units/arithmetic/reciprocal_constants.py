"""The numbers of the piecewise-linear reciprocal, shared by circuit and model.

1/(1 + u), u in [0, 1), by eight linear segments of u (mark [C] in hdl/README.md): on segment i, which is
[i/8, (i+1)/8), start - slope * w with w the distance into the segment as a fraction of it, both in units
of 2^-10 and the product cut to 12 fraction bits. Of all such pairs these have the smallest largest relative
error before that cut; the first start is held at 1 so that 1/1 is 1. The largest relative error of all is
0.24 % for a mantissa of 7 bits (BF16) and 0.26 % for one of 10.
"""

FRACTION_BITS = 12
COEFFICIENT_BITS = 10
SEGMENT_BITS = 3
SEGMENT_STARTS = (1024, 909, 818, 744, 682, 630, 585, 546)
SEGMENT_SLOPES = (116, 91, 74, 62, 52, 45, 39, 34)

# Bits of w that count; those below them move the result by less than its last bit.
OFFSET_BITS = FRACTION_BITS - SEGMENT_BITS

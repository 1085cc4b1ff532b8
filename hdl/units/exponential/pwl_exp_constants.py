"""The numbers of the baseline's piecewise-linear exponential, shared by circuit and model.

e^x = 2^(x * log2 e): four linear segments on the fraction u of the exponent, coefficients of 10 fraction
bits, a 17-bit log2 e and 12 fraction bits elsewhere (marks [C], [I] in hdl/README.md).
"""

# 12 fraction bits of x cost 2^-12 = 0.024 % of e^x at most, truncated towards zero; cutting x * log2 e
# to 12 bits costs 0.017 % to the other side.
FRACTION_BITS = 12

LOG2E_FRACTION_BITS = 16
LOG2E = 94548

# 2^u on segment i, [i/4, (i+1)/4): start + slope * w with w the distance into the segment as a fraction of
# it; both in units of 2^-10. Of all such pairs these have the smallest largest relative error against 2^u,
# once cut to 12 fraction bits. The first start lies below 1 for it: the sum is held at 1, so e^0 = 1.
COEFFICIENT_BITS = 10
SEGMENT_BITS = 2
SEGMENT_STARTS = (1022, 1216, 1446, 1719)
SEGMENT_SLOPES = (194, 229, 273, 325)

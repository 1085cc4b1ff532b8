"""The numbers of VEXP's exponential, shared by circuit and model; facts of its published circuit [C2].

With y = x log2 e to seven bits after the point and f the fraction of y, 2^f - 1 is corrected from f:

    f < 1/2    f (f + 2.836) / 4                    2f, four times that, times 363/128 + f
    else       1 - (1 - f) (f + 2.172) 7/16         the same with the ones' complement of 2f, and seven
"""

# log2 e = 23637 / 2^14
LOG2E = 23637
LOG2E_FRACTION_BITS = 14
LOW_SLOPE, LOW_START = 4, 363
HIGH_SLOPE, HIGH_START = 7, 278
# Of slope times start to the mantissa's unit.
PRODUCT_SHIFT = 12

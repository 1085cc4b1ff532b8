"""`fa2_mean` a second time, from its definition: a query key by key, in fractions."""

import math
from fractions import Fraction

from flashd_reference import fixed_of, increase, two_to, value_of

from hdl.models.codes import encode

GUARD, STEP_GUARD = 2, 1
DIGITS = [Fraction(0), *(Fraction(sign, 1 << shift) for shift in (2, 3) for sign in (1, -1))]
FINE_DIGITS = [digit / 4 for digit in DIGITS]


def score_of(p, q, k):
    """Return the score in units of 2^-F: each product cut off in its window, all added, cut off again."""
    m, bias, unit = p.fmt.mantissa_bits, p.fmt.bias, two_to(-p.fraction_bits - GUARD)
    total = 0
    for a, b in zip(q, k, strict=True):
        fields = [code >> m & p.fmt.max_exponent_field for code in (a, b)]
        significand, other = ((code & (1 << m) - 1) + (1 << m) for code in (a, b))
        columns = sum(
            1 << i + j
            for i in range(m + 1)
            for j in range(m + 1)
            if i + j >= p.dropped_columns and significand >> i & other >> j & 1
        )
        columns += (p.dropped_columns + 1) // 4 << p.dropped_columns
        exponent = sum(fields) - 2 * bias
        magnitude = math.floor(columns * two_to(exponent - 2 * m) / unit)
        if exponent >= p.product_integer_bits:
            magnitude = math.ceil(two_to(p.product_integer_bits + 1) / unit) - 1
        bits = p.product_integer_bits + 1 + p.fraction_bits + GUARD
        # A place takes as few bits as say all but the last; the last number of them is no place.
        places = (1 << (bits - 1).bit_length()) - 1
        if not all(fields) or p.product_integer_bits - 1 - exponent >= places:
            magnitude = 0
        total += -1 - magnitude if (a ^ b) >> p.fmt.sign_bit else magnitude
    return math.floor(total * unit * two_to(p.fraction_bits))


def weight_of(n, f):
    """Return halvings, coarse and fine digit of 2^-n, n in units of 2^-f."""
    whole, fraction = divmod(n, 2**f)
    index_bits = min(7, f)
    index = fraction >> f - index_bits
    if index == 0:
        return whole, Fraction(0), Fraction(0)
    middle = (index + (0.5 if f > 7 else 0)) / 2**index_bits
    choices = [(h, a, b) for h in (0, 1) for a in DIGITS for b in FINE_DIGITS]

    def distance(choice):
        h, a, b = choice
        return round(abs(math.log2(1 + a + b) - h + middle), 9), (a != 0) + (b != 0)

    halvings, coarse, fine = min(choices, key=distance)
    return whole + halvings, coarse, fine


def mean(p, q, k, v, valid):
    """Return the output codes."""
    fmt, f, unit = p.fmt, p.fraction_bits, two_to(-STEP_GUARD)
    cut = p.value_cut_bits
    limit = 2 ** (p.value_bits + STEP_GUARD).bit_length() - 1
    means, total = [0] * p.d, None
    for key, value, live in zip(k.tolist(), v, valid, strict=True):
        if not live:
            continue
        s = score_of(p, q.tolist(), key)
        total = s if total is None else max(s, total) + increase(abs(s - total), f)
        halvings, coarse, fine = weight_of(total - s, f)
        if halvings >= limit:
            continue
        for lane, code in enumerate(value.tolist()):
            fixed = fixed_of(value_of(code, fmt), p.value_fraction_bits - cut, p.value_bits - cut) << cut
            moved = math.floor((fixed - means[lane]) * two_to(-halvings) / unit)
            magnitude, sign = (moved, 1) if moved >= 0 else (-1 - moved, -1)
            rows = [sign * math.trunc(magnitude * digit) for digit in (coarse, fine)]
            means[lane] += math.floor((moved + sum(rows)) * unit + Fraction(1, 2))
    if total is None:
        return [0] * p.d
    return encode([float(x * two_to(-p.value_fraction_bits)) for x in means], fmt).tolist()

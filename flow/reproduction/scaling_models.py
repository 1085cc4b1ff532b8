"""From a measured node to 28 nm: gate equivalents, and estimates by two published models.

Ratios within one library need none of this. What is scaled here is context, and always a range:

- gate equivalents: cell area over that of the library's NAND2-X1, a measure without a scale;
- Stillmaker and Baas, Integration 58 (2017) 74-81, doi 10.1016/j.vlsi.2017.02.002: polynomials fitted to
  HSpice on PTM models, delay D(V) = d3 V^3 + d2 V^2 + d1 V + d0, energy E(V) = e2 V^2 + e1 V + e0, power at a
  fixed frequency P(V) = p2 V^2 + p1 V + p0. Only ratios of the same quantity mean anything. The model has no
  28 nm: a value there lies between 32 and 20 nm, linear in the node or linear in its logarithms;
- DeepScaleTool, Sarangi and Baas, ISCAS 2021, arXiv 2102.10195: one table per quantity, new = old times
  T[28] / T[node]. Its own power is at the scaled frequency; at the same frequency the energy's ratio counts.

Leakage is scaled by neither: it stays as measured. Voltages outside a fit are refused.
"""

import math
from dataclasses import dataclass

TARGET_NM = 28
TARGET_VOLTAGE_V = 0.9
UPPER_NM, LOWER_NM = 32, 20


@dataclass(frozen=True)
class Fit:
    """Stillmaker and Baas's polynomials of one node and flavour, highest power of the voltage first.

    `voltage_max_v` is the highest voltage at which the fit is used here, our choice: above, the delays of
    45 and 32 nm turn up.
    """

    delay: tuple[float, float, float, float]
    energy: tuple[float, float, float]
    power: tuple[float, float, float]
    voltage_max_v: float


# HP: high performance. The flavour of Nangate45 and of the paper's library is not known; HP throughout.
FITS = {
    130: Fit((-76.65, 334.9, -493.4, 275.8), (7.171, -6.709, 2.904), (27020.0, -15450.0, 5630.0), 1.3),
    45: Fit((-501.6, 1567.0, -1619.0, 566.1), (1.018, -0.3107, 0.1539), (5462.0, -1760.0, 522.4), 1.0),
    32: Fit((-1047.0, 2982.0, -2797.0, 873.5), (0.8367, -0.4341, 0.1701), (4001.0, -1733.0, 533.6), 0.9),
    20: Fit((0.0, 34.63, -66.37, 41.15), (0.373, -0.1582, 0.04104), (2922.0, -1286.0, 299.9), 0.9),
    7: Fit((-28.58, 76.6, -70.26, 24.69), (0.1776, -0.09097, 0.02447), (1179.0, -515.7, 123.4), 0.8),
}
# Area of the same circuit at 32 and at 20 nm, as a multiple of that at the node.
AREA_FACTORS = {130: (0.072, 0.033), 45: (0.46, 0.21), 7: (7.8, 3.6)}

# DeepScaleTool's tables; 28 nm is in them.
DEEPSCALE_AREA = {130: 8.3, 45: 1.0, 28: 0.35}
DEEPSCALE_DELAY = {130: 1.96, 45: 0.81, 28: 0.67, 7: 0.53}
DEEPSCALE_ENERGY = {130: 2.52, 45: 0.63, 28: 0.37, 7: 0.11}


def polynomial(coefficients: tuple[float, ...], voltage_v: float) -> float:
    """Return the polynomial's value, by Horner's rule."""
    value = 0.0
    for coefficient in coefficients:
        value = value * voltage_v + coefficient
    return value


def fitted(node_nm: int, quantity: str, voltage_v: float) -> float:
    """Return `quantity` ("delay", "energy" or "power") of a node at `voltage_v`, in the model's own units.

    Raises ValueError for a node without a fit and a voltage above the fitted range.
    """
    if node_nm not in FITS:
        raise ValueError(f"no fit for {node_nm} nm")
    fit = FITS[node_nm]
    if not 0 < voltage_v <= fit.voltage_max_v:
        raise ValueError(
            f"{voltage_v:g} V is outside the fit of {node_nm} nm, at most {fit.voltage_max_v:g} V"
        )
    coefficients: tuple[float, ...] = getattr(fit, quantity)
    return polynomial(coefficients, voltage_v)


def between(at_upper: float, at_lower: float, logarithmic: bool) -> float:
    """Return the value at 28 nm between those at 32 and 20 nm, linear or log-log in the node."""
    if logarithmic:
        share = math.log(UPPER_NM / TARGET_NM) / math.log(UPPER_NM / LOWER_NM)
        return at_upper * math.pow(at_lower / at_upper, share)
    return at_upper + (at_lower - at_upper) * (UPPER_NM - TARGET_NM) / (UPPER_NM - LOWER_NM)


@dataclass(frozen=True)
class Range:
    """Factors from the node to 28 nm, the smallest and the largest that the models give."""

    smallest: float
    largest: float


def spanning(*factors: float) -> Range:
    """Return the range of `factors`."""
    return Range(min(factors), max(factors))


@dataclass(frozen=True)
class Scaling:
    """Factors to 28 nm for area, delay and energy; power at the same frequency scales as energy does.

    `voltage_v` is where the source node is taken: within the fit, so not always the library's own.
    """

    node_nm: int
    voltage_v: float
    area: Range
    delay: Range
    energy: Range


def stillmaker_factor(node_nm: int, quantity: str, voltage_v: float, logarithmic: bool) -> float:
    """Return the factor of `quantity` from a node at `voltage_v` to 28 nm HP at 0.9 V."""
    upper = fitted(UPPER_NM, quantity, TARGET_VOLTAGE_V)
    lower = fitted(LOWER_NM, quantity, TARGET_VOLTAGE_V)
    return between(upper, lower, logarithmic) / fitted(node_nm, quantity, voltage_v)


def scale_to_28nm(node_nm: int, voltage_v: float) -> Scaling:
    """Return the factors to 28 nm from a library of `node_nm` at `voltage_v`.

    The voltage is lowered to the end of the fit where it lies above. From 7 nm DeepScaleTool's area is left
    out: its 7 nm is far denser than any open library. Raises ValueError for a node without a fit.
    """
    if node_nm not in AREA_FACTORS:
        raise ValueError(f"no fit for {node_nm} nm")
    source_v = min(voltage_v, FITS[node_nm].voltage_max_v)
    areas = [between(*AREA_FACTORS[node_nm], logarithmic) for logarithmic in (False, True)]
    if node_nm in DEEPSCALE_AREA:
        areas.append(DEEPSCALE_AREA[TARGET_NM] / DEEPSCALE_AREA[node_nm])

    def both(quantity: str, table: dict[int, float]) -> Range:
        models = [
            stillmaker_factor(node_nm, quantity, source_v, logarithmic) for logarithmic in (False, True)
        ]
        return spanning(*models, table[TARGET_NM] / table[node_nm])

    return Scaling(
        node_nm,
        source_v,
        spanning(*areas),
        both("delay", DEEPSCALE_DELAY),
        both("energy", DEEPSCALE_ENERGY),
    )

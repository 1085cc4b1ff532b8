// Numbers with their units, as they are read.

const PREFIXES = [[1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"], [1e-12, "p"], [1e-15, "f"]];

export function withUnit(value, unit, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "not known";
  const size = Math.abs(value);
  const [factor, prefix] = size === 0 ? [1, ""] : PREFIXES.find(([least]) => size >= least * 0.9995) ?? PREFIXES.at(-1);
  return `${(value / factor).toPrecision(digits)} ${prefix}${unit}`;
}

export function fixed(value, digits, unit = "") {
  if (value === null || value === undefined || Number.isNaN(value)) return "not known";
  const text = value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return unit ? `${text} ${unit}` : text;
}

export const nanoseconds = (value) => fixed(value, 3, "ns");
export const percent = (share) => fixed(100 * share, 1, "%");
export const count = (value) => value.toLocaleString("en");

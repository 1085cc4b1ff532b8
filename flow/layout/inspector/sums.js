// Sums over a run's cells by what they belong to: `indexOf`, an array by cell, is of `names`.

export function sumsOf(facts, indexOf, names) {
  const [cells, area, power, glitches] = Array.from({ length: 4 }, () => new Float64Array(names.length));
  const { power: powers, glitch_power: glitchPowers } = facts.arrays;
  for (let cell = 0; cell < indexOf.length; cell++) {
    const index = indexOf[cell];
    cells[index] += 1;
    area[index] += facts.area(cell);
    if (powers) {
      power[index] += powers[cell] || 0;
      glitches[index] += glitchPowers[cell] || 0;
    }
  }
  return names.map((name, index) => ({ name, cells: cells[index], area: area[index], power: power[index], glitches: glitches[index] }));
}

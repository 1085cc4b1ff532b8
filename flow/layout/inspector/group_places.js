// Where the name of each group goes: the fullest of 24 by 24 squares. A mean may lie where none of its cells does.

const SQUARES = 24;

export function groupPlaces(facts) {
  const [x0, y0, x1, y1] = facts.run.core;
  const squares = facts.groups.map(() => new Map());
  const areas = new Float64Array(facts.groups.length);
  for (let cell = 0; cell < facts.cells.length; cell++) {
    const group = facts.arrays.group[cell];
    const [x, y] = facts.middle(cell);
    const key = Math.floor((SQUARES * (x - x0)) / (x1 - x0)) * SQUARES + Math.floor((SQUARES * (y - y0)) / (y1 - y0));
    let square = squares[group].get(key);
    if (!square) squares[group].set(key, (square = { area: 0, x: 0, y: 0 }));
    const area = facts.area(cell);
    areas[group] += area;
    square.area += area;
    square.x += x * area;
    square.y += y * area;
  }
  const all = areas.reduce((sum, area) => sum + area, 0);
  return facts.groups.map((name, group) => {
    const fullest = [...squares[group].values()].reduce((one, two) => (two.area > one.area ? two : one), { area: 0, x: 0, y: 0 });
    return { name, share: areas[group] / all, x: fullest.x / fullest.area, y: fullest.y / fullest.area };
  });
}

// The layout as a grid: which cell covers a site of a row. Cells stand on sites, so this is the whole placement.

export function siteGrid(facts) {
  const { core, site_width: siteWidth, row_height: rowHeight } = facts.run;
  const columns = Math.round((core[2] - core[0]) / siteWidth);
  const rows = Math.round((core[3] - core[1]) / rowHeight);
  const owner = new Uint32Array(columns * rows);
  const { x, y } = facts.arrays;
  for (let cell = 0; cell < x.length; cell++) {
    const column = Math.round((x[cell] - core[0]) / siteWidth);
    const first = Math.round((y[cell] - core[1]) / rowHeight);
    const sites = Math.round(facts.width[cell] / siteWidth);
    const high = Math.round(facts.height[cell] / rowHeight);
    for (let row = first; row < first + high; row++) {
      owner.fill(cell + 1, row * columns + column, row * columns + column + sites);
    }
  }
  return { columns, rows, owner, origin: [core[0], core[1]], pitch: [siteWidth, rowHeight] };
}

// Squares over the core; `owner` of a square is its own number and 1.
export function squareGrid(facts, along = 40) {
  const { core } = facts.run;
  const side = Math.max(core[2] - core[0], core[3] - core[1]) / along;
  const columns = Math.ceil((core[2] - core[0]) / side - 1e-9);
  const rows = Math.ceil((core[3] - core[1]) / side - 1e-9);
  return {
    columns, rows, owner: Uint32Array.from({ length: columns * rows }, (_, index) => index + 1),
    origin: [core[0], core[1]], pitch: [side, side],
  };
}

export function at(grid, x, y) {
  const column = Math.floor((x - grid.origin[0]) / grid.pitch[0]);
  const row = Math.floor((y - grid.origin[1]) / grid.pitch[1]);
  if (column < 0 || row < 0 || column >= grid.columns || row >= grid.rows) return -1;
  return grid.owner[row * grid.columns + column] - 1;
}

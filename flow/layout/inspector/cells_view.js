// Draws the cells by WebGL: each pixel looks its site up in the grid and its colour in a table.
// So a frame costs as many steps as there are pixels, however many cells there are.

const TABLE_WIDTH = 1024;
const VERTEX = `#version 300 es
void main() { gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0); }`;
const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
uniform usampler2D owners;
uniform sampler2D colours;
uniform vec3 view;      // lower left corner of the picture, units per pixel
uniform vec4 grid;      // origin, pitch
uniform ivec2 size;
uniform vec4 die;
uniform vec3 page, ground;
out vec4 colour;
uint owner(vec2 place) {
  ivec2 site = ivec2(floor((place - grid.xy) / grid.zw));
  if (site.x < 0 || site.y < 0 || site.x >= size.x || site.y >= size.y) return 0u;
  return texelFetch(owners, site, 0).r;
}
vec3 shown(vec2 pixel) {
  vec2 place = view.xy + pixel * view.z;
  if (place.x < die.x || place.y < die.y || place.x > die.z || place.y > die.w) return page;
  uint here = owner(place);
  if (here == 0u) return ground;
  vec4 own = texelFetch(colours, ivec2(here % ${TABLE_WIDTH}u, here / ${TABLE_WIDTH}u), 0);
  vec3 mixed = mix(ground, own.rgb, own.a);
#ifdef EDGES
  if (owner(place + vec2(view.z, 0.0)) != here || owner(place + vec2(0.0, view.z)) != here) return mix(mixed, page, 0.55);
#endif
  return mixed;
}
void main() {
  vec2 pixel = gl_FragCoord.xy;
#ifdef FINE
  colour = vec4((shown(pixel + vec2(-0.25, 0.125)) + shown(pixel + vec2(0.25, -0.125))
    + shown(pixel + vec2(0.125, 0.3)) + shown(pixel + vec2(-0.125, -0.3))) / 4.0, 1.0);
#else
  colour = vec4(shown(pixel), 1.0);
#endif
}`;
const UNIFORMS = ["view", "grid", "size", "die", "page", "ground", "owners", "colours"];

function rgb(text) {
  return [1, 3, 5].map((index) => parseInt(text.slice(index, index + 2), 16) / 255);
}

export class CellsView {
  constructor(canvas) {
    this.canvas = canvas;
    const gl = (this.gl = canvas.getContext("webgl2", { antialias: false, alpha: false }));
    if (!gl) throw new Error("this browser has no WebGL 2");
    this.programs = new Map();
    this.textures = [gl.createTexture(), gl.createTexture()];
  }

  // The program with these parts. A condition in place of parts would cost both its sides where software draws.
  #program(parts) {
    const key = parts.join(" ");
    if (this.programs.has(key)) return this.programs.get(key);
    const { gl } = this;
    const program = gl.createProgram();
    const defined = FRAGMENT.replace("es\n", `es\n${parts.map((part) => `#define ${part}\n`).join("")}`);
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, defined]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) || "no shader");
    const made = { program, places: Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)])) };
    this.programs.set(key, made);
    return made;
  }

  #fill(unit, inside, width, height, format, type, data) {
    const gl = this.gl;
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(gl.TEXTURE_2D, this.textures[unit]);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.texImage2D(gl.TEXTURE_2D, 0, inside, width, height, 0, format, type, data);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  }

  resize([width, height]) {
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
  }

  setGrid(grid) {
    if (this.grid === grid) return;
    this.grid = grid;
    this.#fill(0, this.gl.R32UI, grid.columns, grid.rows, this.gl.RED_INTEGER, this.gl.UNSIGNED_INT, grid.owner);
  }

  // Whether what was asked for last has been drawn.
  get ended() {
    return !this.fence || this.gl.getSyncParameter(this.fence, this.gl.SYNC_STATUS) === this.gl.SIGNALED;
  }

  // `table`: RGBA by owner, from owner 1 on.
  setColours(table) {
    const height = Math.ceil((table.length / 4 + 1) / TABLE_WIDTH);
    const padded = new Uint8Array(TABLE_WIDTH * height * 4);
    padded.set(table, 4);
    this.#fill(1, this.gl.RGBA8, TABLE_WIDTH, height, this.gl.RGBA, this.gl.UNSIGNED_BYTE, padded);
  }

  draw(camera, die, theme, fine) {
    const { gl, grid } = this;
    const perPixel = camera.scale * (camera.width / this.canvas.width);
    const edges = grid.pitch[1] / perPixel > 9;
    const { program, places } = this.#program([fine ? "FINE" : "", edges ? "EDGES" : ""].filter(Boolean));
    gl.useProgram(program);
    gl.uniform1i(places.owners, 0);
    gl.uniform1i(places.colours, 1);
    const [x0, y0] = camera.window;
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.uniform3f(places.view, x0, y0, perPixel);
    gl.uniform4f(places.grid, ...grid.origin, ...grid.pitch);
    gl.uniform2i(places.size, grid.columns, grid.rows);
    gl.uniform4f(places.die, ...die);
    gl.uniform3f(places.page, ...rgb(theme.page));
    gl.uniform3f(places.ground, ...rgb(theme.ground));
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    if (this.fence) gl.deleteSync(this.fence);
    this.fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
  }
}

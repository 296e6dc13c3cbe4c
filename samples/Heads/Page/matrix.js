// The matrix of a head: a row for each query, a column for each key.

const matrixCanvas = document.getElementById("matrix");
const tooltip = document.getElementById("tooltip");
let place = { cell: 1, left: 0, top: 0 };

function shorten(token, most) {
  return token.length > most ? `${token.slice(0, most - 1)}…` : token;
}

function placeMatrix(keys, queries) {
  const width = Math.max(220, document.getElementById("matrix-box").clientWidth - 2);
  const longest = Math.min(10, Math.max(...state.block.queries.map(token => token.length)));
  const widest = Math.min(10, Math.max(...state.block.keys.map(token => token.length)));
  // Names of keys are turned: they need room above and behind the last column.
  const left = 14 + longest * 7, top = 14 + widest * 7, right = 4 + widest * 4;
  const cell = Math.floor((width - left - right) / keys);
  // Below this size names would lie over each other.
  if (cell >= 12)
    return { cell: Math.min(24, cell), left, top, right, hasNames: true };
  return { cell: Math.max(3, Math.min(12, Math.floor((width - 8) / keys))), left: 4, top: 4, right: 2, hasNames: false };
}

function showMatrix() {
  const keys = state.block.keys.length, queries = state.block.queries.length;
  place = placeMatrix(keys, queries);
  const { cell, left, top } = place;
  Object.assign(matrixCanvas.dataset, { cell, left, top });
  const context = prepare(matrixCanvas, left + keys * cell + place.right, top + queries * cell + 2);
  const matrix = matrixOf(state.block, state.layer, state.head);
  const image = new ImageData(keys, queries);
  for (let i = 0; i < matrix.length; i++) {
    const colour = colourOfLevel(matrix[i]);
    image.data.set([colour[0], colour[1], colour[2], 255], 4 * i);
  }
  const small = document.createElement("canvas");
  small.width = keys;
  small.height = queries;
  small.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, left, top, keys * cell, queries * cell);
  context.strokeStyle = variable("--edge");
  context.lineWidth = 1;
  context.strokeRect(left - 0.5, top - 0.5, keys * cell + 1, queries * cell + 1);
  if (place.hasNames)
    drawNames(context);
  if (state.query !== null || state.key !== null)
    drawCross(context, keys, queries);
  matrixCanvas.setAttribute("aria-label", `Matrix of layer ${state.layer + 1}, head ${state.head + 1}: ${queries} queries, ${keys} keys`);
}

function drawNames(context) {
  const { cell, left, top } = place;
  context.font = `${Math.min(12, cell)}px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = "middle";
  const ink = variable("--ink"), accent = variable("--accent");
  context.textAlign = "right";
  state.block.queries.forEach((token, query) => {
    context.fillStyle = query === state.query ? accent : ink;
    context.fillText(shorten(token, 10), left - 5, top + (query + 0.5) * cell);
  });
  context.textAlign = "left";
  state.block.keys.forEach((token, key) => {
    context.save();
    context.translate(left + (key + 0.5) * cell, top - 5);
    context.rotate(-Math.PI / 3);
    context.fillStyle = key === state.key ? accent : ink;
    context.fillText(shorten(token, 10), 0, 0);
    context.restore();
  });
}

function drawCross(context, keys, queries) {
  const { cell, left, top } = place;
  context.strokeStyle = variable("--accent");
  context.lineWidth = 1.5;
  if (state.query !== null)
    context.strokeRect(left, top + state.query * cell, keys * cell, cell);
  if (state.key !== null)
    context.strokeRect(left + state.key * cell, top, cell, queries * cell);
}

function cellAt(event) {
  const box = matrixCanvas.getBoundingClientRect();
  const key = Math.floor((event.clientX - box.left - place.left) / place.cell), query = Math.floor((event.clientY - box.top - place.top) / place.cell);
  return key >= 0 && query >= 0 && key < state.block.keys.length && query < state.block.queries.length ? { query, key } : null;
}

function startMatrix() {
  matrixCanvas.addEventListener("pointermove", event => {
    const cell = cellAt(event);
    tooltip.hidden = cell === null;
    if (cell === null) {
      if (state.query !== null && !state.isPinned)
        point({ query: null, key: null });
      return;
    }
    state.isPinned = false;
    if (cell.query !== state.query || cell.key !== state.key)
      point(cell);
    const keys = state.block.keys.length, level = matrixOf(state.block, state.layer, state.head)[cell.query * keys + cell.key];
    tooltip.textContent = `${quote(state.block.queries[cell.query])} → ${quote(state.block.keys[cell.key])}: ${formatProbability(level)}`;
    const left = Math.min(event.clientX + 14, window.innerWidth - tooltip.offsetWidth - 8);
    tooltip.style.left = `${Math.max(4, left)}px`;
    tooltip.style.top = `${Math.min(event.clientY + 16, window.innerHeight - tooltip.offsetHeight - 8)}px`;
  });
  matrixCanvas.addEventListener("pointerleave", () => {
    tooltip.hidden = true;
    point({ query: null, key: null });
  });
  matrixCanvas.addEventListener("keydown", event => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step)
      return;
    event.preventDefault();
    point({
      query: state.query === null ? 0 : clamp(state.query + step[0], state.block.queries.length),
      key: state.key === null ? 0 : clamp(state.key + step[1], state.block.keys.length),
    });
  });
}

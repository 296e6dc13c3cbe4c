// The squares of all heads: layers × heads, coloured by a measure.

const grid = document.getElementById("grid");

function isShown(layer, head) {
  const one = state.block.layers[layer].heads[head];
  const value = one.measures[state.measure.key];
  if (state.least > 0 && (value === null || value < state.range.least + state.least * (state.range.most - state.range.least)))
    return false;
  const text = `layer ${layer + 1} head ${head + 1} ${one.label}`.toLowerCase();
  return state.filter.split(/\s*,\s*/).some(word => text.includes(word));
}

function shortNumber(value) {
  if (value === null)
    return "";
  const size = Math.abs(value), sign = value < 0 ? "−" : "";
  if (size < 0.005)
    return size * 1000 >= 0.5 ? `${sign}${(size * 1000).toFixed(0)}‰` : "0";
  return size < 0.995 ? `${sign}.${(size * 100).toFixed(0).padStart(2, "0")}` : `${sign}${size.toFixed(size >= 9.95 ? 0 : 1)}`;
}

function buildGrid() {
  const layers = state.block.layers, heads = Math.max(...layers.map(layer => layer.heads.length));
  grid.style.gridTemplateColumns = `auto repeat(${heads}, minmax(0, 1fr))`;
  const cells = [element("span", "name layer", "head")];
  for (let head = 0; head < heads; head++)
    cells.push(element("span", "name", head + 1));
  layers.forEach((layer, index) => {
    cells.push(element("span", "name layer", heads > 8 ? index + 1 : `layer ${index + 1}`));
    layer.heads.forEach((_, head) => {
      const cell = element("button", "", "");
      cell.type = "button";
      cell.dataset.layer = index;
      cell.dataset.head = head;
      cell.setAttribute("role", "gridcell");
      cells.push(cell);
    });
    for (let head = layer.heads.length; head < heads; head++)
      cells.push(element("span", "name", ""));
  });
  grid.replaceChildren(...cells);
}

function showGrid() {
  const measure = state.measure;
  for (const cell of grid.querySelectorAll("button")) {
    const layer = Number(cell.dataset.layer), head = Number(cell.dataset.head);
    const value = valueOf(state.block, layer, head, measure.key), isChosen = layer === state.layer && head === state.head;
    const colour = value === null ? theme().sequential[0] : colourOf(value, state.range, measure.isSigned);
    cell.style.background = css(colour);
    cell.style.color = inkOn(colour);
    cell.textContent = shortNumber(value);
    cell.classList.toggle("dim", !isShown(layer, head));
    cell.setAttribute("aria-selected", isChosen);
    cell.tabIndex = isChosen ? 0 : -1;
    const label = state.block.layers[layer].heads[head].label;
    cell.title = `layer ${layer + 1}, head ${head + 1}: ${label}\n${measure.name} ${format(value)}`;
    cell.setAttribute("aria-label", `layer ${layer + 1}, head ${head + 1}: ${label}; ${measure.name} ${format(value)}`);
  }
  document.getElementById("legend-min").textContent = format(state.range.least);
  document.getElementById("legend-max").textContent = format(state.range.most);
  document.getElementById("legend-scale").style.background = gradient(measure.isSigned ? theme().signed : theme().sequential);
  document.getElementById("legend-text").textContent = measure.isSigned
    ? `${measure.name}: warm colours where the model needs the head, cold ones where it does better without it; ‰ is a thousandth`
    : measure.name;
}

function startGrid() {
  grid.addEventListener("click", event => {
    const cell = event.target.closest("button");
    if (cell)
      choose(Number(cell.dataset.layer), Number(cell.dataset.head));
  });
  grid.addEventListener("keydown", event => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step)
      return;
    event.preventDefault();
    const layer = clamp(state.layer + step[0], state.block.layers.length);
    choose(layer, clamp(state.head + step[1], state.block.layers[layer].heads.length));
    grid.querySelector('[aria-selected="true"]').focus();
  });
}

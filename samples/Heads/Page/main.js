// What is chosen, and what follows from it.

const state = {
  text: report.texts[0], block: report.texts[0].blocks[0], measure: report.measures[0], range: null,
  layer: 0, head: 0, query: null, key: null, isPinned: false, filter: "", least: 0, threshold: 0.05,
};

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function option(value, text) {
  const made = element("option", "", text);
  made.value = value;
  return made;
}

function clamp(index, count) {
  return Math.min(count - 1, Math.max(0, index));
}

/** Shows another head. */
function choose(layer, head) {
  Object.assign(state, { layer, head });
  showGrid();
  showHead();
  markRow();
}

/** Marks a query, a key, or both. */
function point(at) {
  Object.assign(state, at);
  showLines();
  showMatrix();
  showReadout();
}

function showReadout() {
  const readout = document.getElementById("readout"), { query, key, block } = state;
  if (query === null && key === null) {
    readout.textContent = "Point at a token or at a cell of the matrix to read its probabilities; click a token to keep it.";
    return;
  }
  const matrix = matrixOf(block, state.layer, state.head), keys = block.keys.length;
  const number = level => `<b>${formatProbability(level)}</b>`;
  if (query !== null && key !== null) {
    readout.innerHTML = `${escape(block.queries[query])} gives ${number(matrix[query * keys + key])} to ${escape(block.keys[key])}`;
    return;
  }
  const others = query !== null
    ? block.keys.map((token, index) => ({ token, level: matrix[query * keys + index] }))
    : block.queries.map((token, index) => ({ token, level: matrix[index * keys + key] }));
  const best = others.filter(other => other.level > 0).sort((left, right) => right.level - left.level).slice(0, 4);
  const list = best.map(other => `${number(other.level)} ${query !== null ? "to" : "from"} ${escape(other.token)}`).join(", ");
  readout.innerHTML = query !== null ? `${escape(block.queries[query])} gives ${list || "nothing"}` : `${escape(block.keys[key])} gets ${list || "nothing"}`;
}

function escape(token) {
  const span = element("span", "", quote(token));
  return span.innerHTML;
}

function showHead() {
  const { block, layer, head } = state, one = block.layers[layer].heads[head];
  document.getElementById("head-title").textContent = `Layer ${layer + 1}, head ${head + 1}: ${one.label}`;
  document.getElementById("head-text").textContent = textOfLabel(one.label);
  const who = block.isCross ? "Each token on the left takes from tokens of the source, on the right" : "Each token on the left takes from tokens on the right";
  document.getElementById("lines-text").textContent = `${who}: the thicker the line, the more. Point at a token to see its numbers, and click to keep them.`;
  const facts = measuresOf(block).map(measure => {
    const fact = element("p", "", ""), line = element("span", "name", `${measure.name} `);
    line.append(element("b", "", format(one.measures[measure.key])));
    fact.append(line, element("span", "why", measure.text));
    return fact;
  });
  document.getElementById("facts").replaceChildren(...facts);
  showLines();
  showMatrix();
  showReadout();
}

/** The sentence that explains a label's words. */
function textOfLabel(label) {
  const words = label.replace(/,.*/, "");
  if (words === "mixed")
    return "The head does nothing that one word describes; the number is its confidence.";
  if (words === "broad")
    return "The head spreads its attention over nearly all tokens; the number is its entropy.";
  if (words === "focused")
    return "The head looks at a single token each time, but at no fixed place; the number is its confidence.";
  if (words.startsWith("position"))
    return "The head looks at one distance: the number is the share of the tokens whose strongest attention lies there.";
  return report.measures.find(measure => measure.name === words)?.text ?? "";
}

function showMeasure() {
  state.range = rangeOf(state.block, state.measure);
  const loss = state.text.loss === null || state.measure.key !== "ablation" ? "" : ` The loss of the whole model is ${format(state.text.loss)}.`;
  document.getElementById("measure-text").textContent = state.measure.text + loss;
  const least = state.range.least + state.least * (state.range.most - state.range.least);
  document.getElementById("least-value").textContent = state.least === 0 ? "any" : format(least);
}

/** Another text or another attention: everything is drawn anew. */
function showBlock() {
  const measures = measuresOf(state.block);
  if (!measures.includes(state.measure))
    state.measure = measures[0];
  const select = document.getElementById("measure");
  select.replaceChildren(...measures.map(measure => option(measure.key, measure.name)));
  select.value = state.measure.key;
  state.layer = clamp(state.layer, state.block.layers.length);
  state.head = clamp(state.head, state.block.layers[state.layer].heads.length);
  Object.assign(state, { query: null, key: null, isPinned: false });
  buildGrid();
  buildLines();
  showAll();
}

function showText() {
  const blocks = state.text.blocks, select = document.getElementById("block");
  const index = Math.max(0, blocks.findIndex(block => block.name === state.block.name));
  select.replaceChildren(...blocks.map((block, place) => option(place, block.name)));
  select.value = index;
  document.getElementById("block-label").hidden = blocks.length < 2;
  state.block = blocks[index];
  showBlock();
}

function showAll() {
  showMeasure();
  showGrid();
  document.getElementById("matrix-scale").style.background = gradient(
    Array.from({ length: 9 }, (_, index) => mix(theme().sequential, Math.sqrt(index / 8))));
  showHead();
  showTable();
  showHistory();
}

function startControls() {
  const bind = (id, event, action) => {
    const control = document.getElementById(id);
    control.addEventListener(event, () => { action(control.value); });
  };
  document.getElementById("text").replaceChildren(...report.texts.map((text, index) => option(index, text.name)));
  bind("text", "change", value => { state.text = report.texts[value]; showText(); });
  bind("block", "change", value => { state.block = state.text.blocks[value]; showBlock(); });
  bind("measure", "change", value => { state.measure = report.measures.find(measure => measure.key === value); showMeasure(); showGrid(); showTable(); });
  bind("filter", "input", value => { state.filter = value.trim().toLowerCase(); showGrid(); showTable(); });
  bind("least", "input", value => { state.least = value / 100; showMeasure(); showGrid(); showTable(); });
  document.addEventListener("keydown", event => {
    if (event.key === "Escape") {
      state.isPinned = false;
      point({ query: null, key: null });
    }
  });
  let waiting = 0;
  window.addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => { showLines(); showMatrix(); showHistory(); });
  });
}

async function start() {
  document.title = `Heads of ${report.model}`;
  document.getElementById("model").textContent = report.model;
  placeBlocks();
  await loadProbabilities();
  startTheme();
  startControls();
  startGrid();
  startLines();
  startMatrix();
  startTable();
  startHistory();
  showText();
  // Milliseconds since the page began to open.
  document.documentElement.dataset.ready = Math.round(performance.now());
}

start();

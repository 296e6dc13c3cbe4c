// Tokens on both sides, and lines between them: their thickness is the probability.

const lineHeight = 20, margin = 4;
const lists = { query: document.getElementById("queries"), key: document.getElementById("keys") };

function buildLines() {
  for (const [side, tokens] of [["query", state.block.queries], ["key", state.block.keys]]) {
    lists[side].replaceChildren(...tokens.map((token, index) => {
      const item = element("li", "", "");
      item.dataset.index = index;
      const text = element("span", "", token), number = element("span", "number", "");
      item.append(...(side === "query" ? [number, text] : [text, number]));
      item.title = token;
      return item;
    }));
    lists[side].setAttribute("aria-label", side === "query" ? "queries" : "keys");
  }
}

function showLines() {
  const keys = state.block.keys.length, queries = state.block.queries.length;
  const canvas = document.getElementById("lines-canvas");
  canvas.style.width = canvas.style.height = "0";
  const box = document.getElementById("lines");
  const width = Math.max(70, box.clientWidth - lists.query.offsetWidth - lists.key.offsetWidth), height = Math.max(keys, queries) * lineHeight + 2 * margin;
  const context = prepare(canvas, width, height);
  const matrix = matrixOf(state.block, state.layer, state.head);
  const [red, green, blue] = theme().lines;
  const isFree = state.query === null && state.key === null;
  for (let query = 0; query < queries; query++) {
    for (let key = 0; key < keys; key++) {
      const probability = matrix[query * keys + key] / largest;
      const isOn = isFree || (state.query === query && (state.key === null || state.key === key)) || (state.query === null && state.key === key);
      if (!isOn || probability < (isFree ? state.threshold : Math.min(state.threshold, 0.005)) || probability === 0)
        continue;
      context.strokeStyle = `rgb(${red} ${green} ${blue} / ${0.15 + 0.85 * probability})`;
      context.lineWidth = 0.5 + 6 * probability;
      context.beginPath();
      context.moveTo(0, lineAt(query));
      context.bezierCurveTo(width / 3, lineAt(query), width * 2 / 3, lineAt(key), width, lineAt(key));
      context.stroke();
    }
  }
  showNumbers(matrix, keys);
}

function lineAt(index) {
  return margin + (index + 0.5) * lineHeight;
}

/** Beside the tokens of the other side: what the token that is pointed at gives them, or takes. */
function showNumbers(matrix, keys) {
  for (const [side, own, other] of [["query", state.query, state.key], ["key", state.key, state.query]]) {
    [...lists[side].children].forEach((item, index) => {
      const level = side === "key"
        ? (other === null ? null : matrix[other * keys + index])
        : (other === null || state.query !== null ? null : matrix[index * keys + other]);
      item.classList.toggle("on", own === index);
      item.classList.toggle("pinned", own === index && state.isPinned);
      item.querySelector(".number").textContent = level === null || level / largest < 0.005 ? "" : (level / largest).toFixed(2);
      const colour = level === null || own === index ? null : colourOfLevel(level);
      item.style.background = colour ? css(colour) : "";
      item.style.color = colour ? inkOn(colour) : "";
    });
  }
}

function startLines() {
  for (const side of ["query", "key"]) {
    const list = lists[side];
    const at = index => ({ query: side === "query" ? index : null, key: side === "key" ? index : null });
    list.addEventListener("pointerover", event => {
      const item = event.target.closest("li");
      if (item && !state.isPinned)
        point(at(Number(item.dataset.index)));
    });
    list.addEventListener("pointerleave", () => { if (!state.isPinned) point({ query: null, key: null }); });
    list.addEventListener("click", event => {
      const item = event.target.closest("li");
      if (!item)
        return;
      const index = Number(item.dataset.index), isSame = state.isPinned && state[side] === index;
      state.isPinned = !isSame;
      point(isSame ? { query: null, key: null } : at(index));
    });
    list.addEventListener("keydown", event => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (step === undefined)
        return;
      event.preventDefault();
      const index = state[side] === null ? 0 : clamp(state[side] + step, list.children.length);
      point(at(index));
      list.children[index].scrollIntoView({ block: "nearest" });
    });
  }
  const slider = document.getElementById("threshold");
  slider.addEventListener("input", () => { state.threshold = slider.value / 100; showThreshold(); showLines(); });
  showThreshold();
}

function showThreshold() {
  document.getElementById("threshold-value").textContent = state.threshold.toFixed(2);
}

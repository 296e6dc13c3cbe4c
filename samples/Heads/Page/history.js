// Measures of all heads over the steps of a training, if the report has them.

const historyCanvas = document.getElementById("history-canvas");
const edges = { left: 44, right: 12, top: 10, bottom: 26 };
let pointed = null;

function curvesOf() {
  const measure = report.history.curves[Number(document.getElementById("curve").value)];
  return measure.heads.flatMap((layer, index) => layer.map((values, head) => ({ layer: index, head, values })));
}

function showHistory() {
  if (!report.history)
    return;
  const steps = report.history.steps, curves = curvesOf();
  const width = historyCanvas.parentElement.clientWidth - 34, height = 300;
  const context = prepare(historyCanvas, width, height);
  const most = Math.max(1, ...curves.flatMap(curve => curve.values.filter(value => value !== null)));
  const x = index => edges.left + (width - edges.left - edges.right) * index / Math.max(1, steps.length - 1);
  const y = value => height - edges.bottom - (height - edges.top - edges.bottom) * value / most;
  context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  context.fillStyle = variable("--quiet");
  context.strokeStyle = variable("--edge");
  for (let line = 0; line <= 4; line++) {
    const value = most * line / 4;
    context.beginPath();
    context.moveTo(edges.left, y(value));
    context.lineTo(width - edges.right, y(value));
    context.stroke();
    context.textAlign = "right";
    context.fillText(format(value), edges.left - 6, y(value) + 4);
  }
  const every = Math.max(1, Math.ceil(steps.length / 8));
  context.textAlign = "center";
  for (let index = 0; index < steps.length; index += every)
    context.fillText(index === 0 ? `step ${steps[index]}` : steps[index], Math.max(24, x(index)), height - 8);
  const colours = theme().layers;
  for (const curve of curves) {
    const isPointed = pointed && pointed.layer === curve.layer && pointed.head === curve.head;
    context.strokeStyle = colours[curve.layer % colours.length];
    context.globalAlpha = !pointed || isPointed ? 1 : 0.25;
    context.lineWidth = isPointed ? 3 : 1.5;
    context.beginPath();
    curve.values.forEach((value, index) => { if (value !== null) context.lineTo(x(index), y(value)); });
    context.stroke();
  }
  context.globalAlpha = 1;
  historyCanvas.project = { x, y, curves, steps };
  const layers = new Set(curves.map(curve => curve.layer));
  document.getElementById("history-legend").replaceChildren(...[...layers].map(layer => {
    const item = element("span", "", ""), line = document.createElement("i");
    line.style.background = colours[layer % colours.length];
    item.append(line, `layer ${layer + 1}`);
    return item;
  }));
}

function startHistory() {
  if (!report.history)
    return;
  document.getElementById("history").hidden = false;
  const select = document.getElementById("curve");
  select.replaceChildren(...report.history.curves.map((curve, index) => option(index, curve.name)));
  select.addEventListener("change", showHistory);
  historyCanvas.addEventListener("pointermove", event => {
    const box = historyCanvas.getBoundingClientRect(), { x, y, curves, steps } = historyCanvas.project;
    const column = event.clientX - box.left, row = event.clientY - box.top;
    const index = steps.reduce((best, _, step) => Math.abs(x(step) - column) < Math.abs(x(best) - column) ? step : best, 0);
    const near = curves.filter(curve => curve.values[index] !== null)
      .reduce((best, curve) => !best || Math.abs(y(curve.values[index]) - row) < Math.abs(y(best.values[index]) - row) ? curve : best, null);
    pointed = near;
    document.getElementById("history-readout").textContent =
      near ? `step ${steps[index]}: layer ${near.layer + 1}, head ${near.head + 1} has ${format(near.values[index])}` : "";
    showHistory();
  });
  historyCanvas.addEventListener("pointerleave", () => { pointed = null; document.getElementById("history-readout").textContent = ""; showHistory(); });
}

// All heads in numbers, sorted by any of them.

const table = document.getElementById("table");
let order = { key: "ablation", isAscending: false };

function columns() {
  return [
    { key: "head", name: "head", text: "Layer and head", of: row => row.layer * 1000 + row.head },
    { key: "label", name: "what it does", text: "What the head does most clearly, with the number that shows it", of: row => row.label },
    ...measuresOf(state.block).map(measure => ({ key: measure.key, name: measure.name, text: measure.text, of: row => row.measures[measure.key] })),
  ];
}

function rows() {
  return state.block.layers.flatMap((layer, index) => layer.heads.map((one, head) => ({ ...one, layer: index, head })));
}

function compare(left, right) {
  if (left === null || right === null)
    return (left === null) - (right === null);
  const sign = order.isAscending ? 1 : -1;
  return sign * (typeof left === "string" ? left.localeCompare(right) : left - right);
}

function showTable() {
  const all = columns();
  const by = all.find(column => column.key === order.key) ?? all[0];
  const head = document.createElement("thead"), line = document.createElement("tr");
  for (const column of all) {
    const cell = element("th", column.key === state.measure.key ? "chosen" : "", "");
    const arrow = column !== by ? "" : order.isAscending ? " ▲" : " ▼";
    const button = element("button", "", column.name + arrow);
    button.type = "button";
    button.title = column.text;
    button.dataset.key = column.key;
    cell.append(button);
    cell.scope = "col";
    cell.setAttribute("aria-sort", column !== by ? "none" : order.isAscending ? "ascending" : "descending");
    line.append(cell);
  }
  head.append(line);
  const body = document.createElement("tbody");
  for (const row of rows().filter(row => isShown(row.layer, row.head)).sort((left, right) => compare(by.of(left), by.of(right)))) {
    const item = document.createElement("tr");
    item.dataset.layer = row.layer;
    item.dataset.head = row.head;
    item.setAttribute("aria-selected", row.layer === state.layer && row.head === state.head);
    for (const column of all) {
      const value = column.of(row);
      const text = column.key === "head" ? `layer ${row.layer + 1}, head ${row.head + 1}` : column.key === "label" ? value : format(value);
      item.append(element("td", value === null ? "none" : column.key === state.measure.key ? "chosen" : "", text));
    }
    body.append(item);
  }
  if (body.children.length === 0) {
    const cell = element("td", "none", "No head fits what is asked for.");
    cell.colSpan = all.length;
    body.append(document.createElement("tr"));
    body.firstChild.append(cell);
  }
  table.replaceChildren(head, body);
}

function markRow() {
  for (const row of table.querySelectorAll("tbody tr"))
    row.setAttribute("aria-selected", Number(row.dataset.layer) === state.layer && Number(row.dataset.head) === state.head);
}

function startTable() {
  table.addEventListener("click", event => {
    const button = event.target.closest("th button");
    if (button) {
      const key = button.dataset.key, isText = key === "label" || key === "head";
      order = { key, isAscending: order.key === key ? !order.isAscending : isText };
      showTable();
      table.querySelector(`[data-key="${key}"]`).focus();
      return;
    }
    const row = event.target.closest("tbody tr[data-layer]");
    if (row)
      choose(Number(row.dataset.layer), Number(row.dataset.head));
  });
}

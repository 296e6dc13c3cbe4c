// The report, and the probabilities behind it: 16 bits each, high bytes first, deflated.

const report = JSON.parse(document.getElementById("report").textContent);
const largest = 65535;
let levels = new Uint16Array(0);

async function loadProbabilities() {
  const text = atob(document.getElementById("probabilities").textContent.trim());
  const packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++)
    packed[i] = text.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const count = planes.length / 2;
  levels = new Uint16Array(count);
  for (let i = 0; i < count; i++)
    levels[i] = planes[i] << 8 | planes[count + i];
}

// Where the matrices of each block begin.
function placeBlocks() {
  let start = 0;
  for (const text of report.texts) {
    for (const block of text.blocks) {
      block.start = start;
      block.size = block.queries.length * block.keys.length;
      for (const layer of block.layers)
        start += layer.heads.length * block.size;
    }
  }
}

/** The matrix of a head, [queries, keys], as levels from 0 to 65535. */
function matrixOf(block, layer, head) {
  let start = block.start + head * block.size;
  for (let before = 0; before < layer; before++)
    start += block.layers[before].heads.length * block.size;
  return levels.subarray(start, start + block.size);
}

/** The measures that say something: those that are 0 for all heads, or mean nothing here, are left out. */
function measuresOf(block) {
  return report.measures.filter(measure => valuesOf(block, measure.key).some(value => value !== 0));
}

function valueOf(block, layer, head, key) {
  return block.layers[layer].heads[head].measures[key];
}

/** All numbers of a measure that there are. */
function valuesOf(block, key) {
  return block.layers.flatMap(layer => layer.heads.map(head => head.measures[key])).filter(value => value !== null);
}

/** What 0 and the end of the colour scale stand for. */
function rangeOf(block, measure) {
  const values = valuesOf(block, measure.key);
  const most = Math.max(1e-9, ...values.map(Math.abs));
  return { least: measure.isSigned ? -most : 0, most: measure.most ?? most };
}

function format(value) {
  if (value === null || value === undefined)
    return "–";
  const size = Math.abs(value);
  if (size !== 0 && size < 0.0000005)
    return "0";
  return (size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : size >= 0.01 || size === 0 ? value.toFixed(2) : value.toPrecision(2))
    .replace("-", "−");
}

function formatProbability(level) {
  return (level / largest).toFixed(4);
}

/** A token as a reader can tell it from the words around it. */
function quote(token) {
  // Isolated: a word that runs to the left does not turn the sentence around.
  return `\u2068“${token}”\u2069`;
}

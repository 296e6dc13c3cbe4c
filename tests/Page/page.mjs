// Opens each page as a reader would, from disk and without a network: clicks heads, points at tokens and cells, reads the numbers, and compares them with
// the JSON that was written beside the page.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { deflateSync, inflateSync } from "node:zlib";

const folder = process.argv[2];
const { chromium } = createRequire(join(folder, "node_modules", "/"))("playwright-core");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
const minus = text => Number(text.replace("−", "-"));

async function open(name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 1000 }, colorScheme: "light", offline: true, ...options });
  const page = await context.newPage();
  page.on("pageerror", error => assert.fail(`${name}: ${error.message}`));
  page.on("console", message => assert.notEqual(message.type(), "error", `${name}: ${message.text()}`));
  page.on("request", request => assert.match(request.url(), /^(file|data|blob):/, name));
  await page.goto(`file://${join(folder, name)}.html`);
  await page.waitForSelector("html[data-ready]");
  return page;
}

/** The first number with four decimals in what the page says about a token or a cell. */
async function readNumber(page, selector) {
  const text = await page.locator(selector).textContent();
  return { text, number: Number(/\d\.\d{4}/.exec(text)?.[0]) };
}

function assertClose(actual, expected, what) {
  // The page has 16 bits of each probability, and shows four decimals.
  assert.ok(Math.abs(actual - expected) <= 0.00007, `${what}: the page shows ${actual}, the JSON has ${expected}`);
}

async function checkHead(page, block, layer, head) {
  const one = block.layers[layer].heads[head], what = `${block.name}, layer ${layer + 1}, head ${head + 1}`;
  await page.locator(`#grid button[data-layer="${layer}"][data-head="${head}"]`).click();
  assert.equal(await page.locator("#head-title").textContent(), `Layer ${layer + 1}, head ${head + 1}: ${one.label}`);

  const query = Math.min(block.queries.length - 1, 3), row = one.probabilities[query];
  await page.locator(`#queries li[data-index="${query}"]`).hover();
  const best = await readNumber(page, "#readout");
  assert.ok(best.text.includes(block.queries[query]), best.text);
  assertClose(best.number, Math.max(...row), `${what}, query ${query}`);
  const shown = (await page.locator("#keys .number").allTextContents()).map(Number);
  assert.equal(shown.length, row.length);
  shown.forEach((number, key) => assert.ok(Math.abs(number - row[key]) <= 0.0051, `${what}, query ${query}, key ${key}`));

  const key = Math.min(block.keys.length - 1, 1);
  await page.locator(`#keys li[data-index="${key}"]`).hover();
  assertClose((await readNumber(page, "#readout")).number, Math.max(...one.probabilities.map(line => line[key])), `${what}, key ${key}`);

  const matrix = page.locator("#matrix"), place = await matrix.evaluate(canvas => ({ ...canvas.dataset }));
  const at = { x: Number(place.left) + (key + 0.5) * place.cell, y: Number(place.top) + (query + 0.5) * place.cell };
  await matrix.hover({ position: at });
  for (const selector of ["#tooltip", "#readout"])
    assertClose((await readNumber(page, selector)).number, row[key], `${what}, cell ${query}, ${key}, ${selector}`);
  await page.mouse.move(2, 2);

  await matrix.focus();
  for (const press of ["ArrowDown", "ArrowDown", "ArrowRight"])
    await page.keyboard.press(press);
  const cell = [Math.min(1, block.queries.length - 1), Math.min(2, block.keys.length - 1)];
  await page.keyboard.press("ArrowRight");
  assertClose((await readNumber(page, "#readout")).number, one.probabilities[cell[0]][cell[1]], `${what}, by keyboard`);
  await page.keyboard.press("Escape");
}

async function checkBlock(page, report, block) {
  const heads = block.layers.flatMap((layer, index) => layer.heads.map((one, head) => ({ ...one, layer: index, head })));
  assert.equal(await page.locator("#grid button").count(), heads.length);
  await checkHead(page, block, 0, 1);
  await checkHead(page, block, block.layers.length - 1, block.layers[0].heads.length - 1);

  // Keys move the chosen head.
  await page.locator('#grid button[data-layer="0"][data-head="1"]').click();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  assert.match(await page.locator("#head-title").textContent(), /^Layer 2, head 3: /);

  // The table has every head, sorted by what is asked for; the words are those of the JSON.
  for (const key of ["confidence", "ablation"]) {
    await page.locator(`#table th button[data-key="${key}"]`).click();
    const cells = await page.locator("#table tbody tr").evaluateAll(rows => rows.map(row => [...row.cells].map(cell => cell.textContent)));
    const headings = await page.locator("#table th button").evaluateAll(buttons => buttons.map(button => button.dataset.key));
    assert.equal(cells.length, heads.length);
    const sorted = [...heads].sort((left, right) => right.measures[key] - left.measures[key]);
    if (await page.locator("#table th[aria-sort='ascending']").count() > 0)
      sorted.reverse();
    cells.forEach((row, index) => {
      const found = heads.find(one => row[0] === `layer ${one.layer + 1}, head ${one.head + 1}`);
      assert.equal(row[1], found.label);
      assert.equal(found.measures[key], sorted[index].measures[key], `row ${index} by ${key}`);
      for (const measure of report.measures.filter(measure => headings.includes(measure.key) && found.measures[measure.key] !== null)) {
        const value = found.measures[measure.key], text = row[headings.indexOf(measure.key)];
        assert.ok(Math.abs(minus(text) - value) <= Math.max(0.0051, 0.06 * Math.abs(value)), `${measure.key} of ${row[0]} is ${value}, not ${text}`);
      }
    });
  }

  await page.locator("#filter").fill("layer 2");
  assert.equal(await page.locator("#table tbody tr").count(), block.layers[1].heads.length);
  assert.equal(await page.locator("#grid button:not(.dim)").count(), block.layers[1].heads.length);
  await page.locator("#filter").fill("");
}

async function checkPage(name) {
  const report = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")), page = await open(name);
  assert.equal(await page.title(), `Heads of ${report.model}`);
  let blocks = 0;
  for (const [index, text] of report.texts.entries()) {
    await page.locator("#text").selectOption(String(index));
    for (const [place, block] of text.blocks.entries()) {
      if (text.blocks.length > 1)
        await page.locator("#block").selectOption(String(place));
      await checkBlock(page, report, block);
      blocks++;
    }
  }

  for (const measure of report.measures) {
    if (await page.locator(`#measure option[value="${measure.key}"]`).count() === 0)
      continue;
    await page.locator("#measure").selectOption(measure.key);
    assert.ok((await page.locator("#measure-text").textContent()).startsWith(measure.text), measure.key);
  }

  await page.locator("#theme").click();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  await page.setViewportSize({ width: 400, height: 800 });
  await page.waitForTimeout(100);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 400, `${name}: at 400 pixels the page is ${width} wide`);
  await page.context().close();
  console.log(`${name}: ${blocks} blocks of ${report.texts.length} texts agree with the JSON`);
}

/** Changes the report, and the probabilities, that a page holds. */
function rewrite(from, to, change) {
  const page = readFileSync(join(folder, `${from}.html`), "utf8");
  const pick = id => new RegExp(`(<script [^>]*id="${id}">)([^<]*)`);
  const report = JSON.parse(pick("report").exec(page)[2]);
  const planes = change(report, inflateSync(Buffer.from(pick("probabilities").exec(page)[2], "base64")));
  writeFileSync(join(folder, `${to}.html`), page
    .replace(pick("report"), (_, tag) => tag + JSON.stringify(report).replaceAll("<", "\\u003c"))
    .replace(pick("probabilities"), (_, tag) => tag + deflateSync(planes).toString("base64")));
}

/** 12 × 12 heads and 128 tokens open in less than two seconds: the layers of a model of six, twice. */
async function checkLargest() {
  rewrite("long", "largest", (report, planes) => {
    const block = report.texts[0].blocks[0], half = planes.length / 2;
    assert.deepEqual([block.layers.length, block.layers[0].heads.length, block.keys.length], [6, 12, 128]);
    block.layers = [...block.layers, ...block.layers];
    const high = planes.subarray(0, half), low = planes.subarray(half);
    return Buffer.concat([high, high, low, low]);
  });
  const times = [];
  for (let round = 0; round < 5; round++) {
    const page = await open("largest");
    times.push(await page.evaluate(() => Number(document.documentElement.dataset.ready)));
    assert.equal(await page.locator("#grid button").count(), 144);
    await page.context().close();
  }
  console.log(`12 × 12 heads and 128 tokens open in ${times.join(", ")} ms`);
  assert.ok(Math.min(...times) < 2000, `the page takes ${times.join(", ")} ms`);
}

/** A page with measures over the steps of a training shows them as curves. */
async function checkHistory() {
  rewrite("minilm", "history", (report, planes) => {
    const steps = [0, 100, 200, 300], curve = last => steps.map((_, index) => last * index / 3);
    report.history = { steps, curves: [{ name: "previous token", heads: [[curve(0.9), curve(0.1)], [curve(0.3), curve(0.6)]] }] };
    return planes;
  });
  const page = await open("history"), canvas = page.locator("#history-canvas"), box = await canvas.boundingBox();
  await canvas.hover({ position: { x: box.width - 13, y: 20 } });
  assert.equal(await page.locator("#history-readout").textContent(), "step 300: layer 1, head 1 has 0.90");
  await page.context().close();
}

async function takePictures(target) {
  for (const name of readdirSync(folder).filter(file => file.endsWith(".json") && !file.startsWith("package")).map(file => file.slice(0, -5))) {
    for (const [kind, width, colorScheme] of [["light", 1400, "light"], ["dark", 1400, "dark"], ["narrow", 400, "light"]]) {
      const page = await open(name, { viewport: { width, height: 1000 }, colorScheme });
      await page.locator("#grid button").nth(14).click();
      await page.locator("#queries li").nth(3).hover();
      await page.screenshot({ path: join(target, `${name}-${kind}.png`), fullPage: true });
      await page.context().close();
    }
  }
}

try {
  for (const file of readdirSync(folder).filter(file => file.endsWith(".html")))
    await checkPage(file.slice(0, -".html".length));
  await checkLargest();
  await checkHistory();
  if (process.env.SCREENSHOTS)
    await takePictures(process.env.SCREENSHOTS);
} finally {
  await browser.close();
}

// Colours of numbers, for a light and for a dark page.

const scales = {
  light: {
    sequential: [[250, 251, 253], [198, 219, 239], [107, 174, 214], [33, 113, 181], [8, 48, 107]],
    signed: [[33, 102, 172], [146, 197, 222], [250, 251, 253], [244, 165, 130], [178, 24, 43]],
    lines: [29, 95, 208],
    layers: ["#1d5fd0", "#c2410c", "#15803d", "#9333ea", "#b91c6b", "#0e7490", "#a16207", "#475569"],
  },
  dark: {
    sequential: [[28, 34, 44], [25, 62, 98], [33, 105, 165], [92, 173, 228], [226, 241, 255]],
    signed: [[120, 186, 245], [45, 96, 145], [28, 34, 44], [150, 72, 52], [255, 146, 116]],
    lines: [120, 174, 255],
    layers: ["#78aeff", "#fb923c", "#4ade80", "#c084fc", "#f472b6", "#22d3ee", "#facc15", "#cbd5e1"],
  },
};

function theme() {
  return document.documentElement.dataset.theme === "dark" ? scales.dark : scales.light;
}

function mix(stops, share) {
  const place = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const index = Math.min(stops.length - 2, Math.floor(place));
  return stops[index].map((from, channel) => Math.round(from + (stops[index + 1][channel] - from) * (place - index)));
}

function colourOf(value, range, isSigned) {
  return mix(isSigned ? theme().signed : theme().sequential, (value - range.least) / (range.most - range.least));
}

function css(colour) {
  return `rgb(${colour.join(" ")})`;
}

/** Black or white, whichever is read better on a colour. */
function inkOn(colour) {
  return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2] > 140 ? "#10141b" : "#ffffff";
}

function gradient(stops) {
  return `linear-gradient(to right, ${stops.map(css).join(", ")})`;
}

/** The colour of a probability: by its root, because most of them are small. */
function colourOfLevel(level) {
  return mix(theme().sequential, Math.sqrt(level / largest));
}

function variable(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** A canvas of so many CSS pixels, sharp on every screen. */
function prepare(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

function startTheme() {
  const button = document.getElementById("theme");
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const show = name => {
    document.documentElement.dataset.theme = name;
    button.textContent = name === "dark" ? "☀ light" : "☾ dark";
  };
  show(system.matches ? "dark" : "light");
  system.addEventListener("change", () => { show(system.matches ? "dark" : "light"); showAll(); });
  button.addEventListener("click", () => { show(document.documentElement.dataset.theme === "dark" ? "light" : "dark"); showAll(); });
}

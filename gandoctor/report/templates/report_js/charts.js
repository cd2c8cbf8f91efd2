// Charts: drawn when they come into view, one zoom and one cursor for all, printed in light colours.
const themed = (node) => {
  const swap = dark.matches && !printing;
  if (typeof node === "string") return swap && Object.hasOwn(data.dark, node) ? data.dark[node] : node;
  if (Array.isArray(node)) return node.map(themed);
  if (node && typeof node === "object") {
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, themed(value)]));
  }
  return node;
};

// What the reader zooms into in one chart, every chart shows; a chart that is not in sight follows when it is.
let zoom = null;
let linking = false;
const stale = new Set();
const inSight = (plot) => plot.clientWidth > 0;
const xRange = (plot) => [...data.charts[plot.dataset.chart].layout.xaxis.range];

const draw = (plot) => {
  if (!window.Plotly) return null;
  if (!inSight(plot)) return stale.add(plot);
  stale.delete(plot);
  const figure = themed(data.charts[plot.dataset.chart]);
  const narrow = plot.clientWidth < 480;
  const style = getComputedStyle(document.documentElement);
  figure.layout.font = { ...figure.layout.font, family: style.getPropertyValue("--sans").trim() };
  figure.layout.hoverlabel = {
    ...figure.layout.hoverlabel,
    bgcolor: style.getPropertyValue("--card").trim(),
    bordercolor: style.getPropertyValue("--line").trim(),
  };
  figure.layout.dragmode = narrow ? false : "zoom";
  figure.layout.autosize = true;
  figure.layout.uirevision = "kept"; // what the reader zoomed into stays in view when the data or the theme change
  if (zoom) figure.layout.xaxis.range = [...zoom];
  if (narrow) figure.layout.xaxis.nticks = 5;
  if (narrow && figure.layout.yaxis.tickfont) figure.layout.yaxis.tickfont.size = 9;
  const height = Number.parseInt(plot.style.getPropertyValue("--height"), 10) || 240;
  if (printing) Object.assign(figure.layout, { width: 660, height, autosize: false });
  const isNew = !drawn.has(plot);
  drawn.add(plot);
  const done = Plotly.react(plot, figure.data, figure.layout, {
    responsive: true,
    displaylogo: false,
    displayModeBar: narrow ? false : "hover",
    modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
    plotlyServerURL: "",
  });
  if (isNew) {
    plot.on("plotly_relayout", (change) => follow(plot, change));
    plot.on("plotly_hover", (event) => hover(event.points[0].x));
    plot.on("plotly_unhover", () => hover(null));
    plot.on("plotly_click", (event) => moveTo(event.points[0].x));
    plot.on("plotly_afterplot", () => placeCursor(plot));
  }
  placeCursor(plot);
  return done;
};

const follow = (plot, change) => {
  if (linking || !Object.keys(change).some((key) => key.startsWith("xaxis."))) return;
  const [low, high] = plot.layout.xaxis.range;
  const [first, last] = xRange(plot);
  zoom = Math.abs(low - first) + Math.abs(high - last) < 1e-6 * (last - first) ? null : [low, high];
  linking = true;
  const others = [...drawn].filter((other) => other !== plot);
  others.filter((other) => !inSight(other)).forEach((other) => stale.add(other));
  const moved = others.filter(inSight).map((other) => Plotly.relayout(other, { "xaxis.range": zoom ? [...zoom] : xRange(other) }));
  Promise.all(moved).finally(() => { linking = false; });
};

// The cursor: one step, which every sheet, chart and the film show. While the mouse is in a chart, the lines follow it.
let step = 0;
let hovered = null;
const placeCursor = (plot) => {
  const line = plot.parentElement.querySelector(".chart-cursor");
  const full = plot._fullLayout;
  if (!line || !full || !full.xaxis) return;
  const at = hovered ?? step;
  const { xaxis, yaxis } = full;
  line.hidden = at < xaxis.range[0] || at > xaxis.range[1];
  line.style.left = `${xaxis._offset + xaxis.l2p(at)}px`;
  line.style.top = `${yaxis._offset}px`;
  line.style.height = `${yaxis._length}px`;
};
const placeLines = () => {
  const at = hovered ?? step;
  document.documentElement.style.setProperty("--at", String(100 * Math.min(at / Math.max(data.last_step, 1), 1)));
  drawn.forEach((plot) => { if (inSight(plot)) placeCursor(plot); });
};
const hover = (at) => {
  hovered = typeof at === "number" ? at : null;
  placeLines();
};

// plotly.js travels compressed; of all that could come out of it, the page's policy lets exactly plotly.js run.
const unpack = async () => {
  const packed = atob(document.getElementById("plotly-js").textContent);
  const stream = new Blob([Uint8Array.from(packed, (character) => character.charCodeAt(0))]).stream();
  const script = document.createElement("script");
  script.textContent = await new Response(stream.pipeThrough(new DecompressionStream("gzip"))).text();
  document.head.append(script);
};

let plots = [];
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    watcher.unobserve(entry.target);
    if (!drawn.has(entry.target)) draw(entry.target);
  }
}, { rootMargin: "300px" });
const able = new Promise((resolve) => { addEventListener("DOMContentLoaded", resolve, { once: true }); })
  .then(unpack).then(() => true, () => false);
const startCharts = () => {
  plots = [...document.querySelectorAll(".plot")];
  drawn.forEach((plot) => (plot.isConnected ? draw(plot) : drawn.delete(plot)));
  stale.forEach((plot) => { if (!plot.isConnected) stale.delete(plot); });
  able.then((can) => plots.forEach((plot) => {
    if (!can) plot.textContent = data.words.no_charts;
    else if (!drawn.has(plot)) watcher.observe(plot);
  }));
};
dark.addEventListener("change", () => drawn.forEach(draw));

// A folded part that is opened brings its charts up to date.
document.addEventListener("toggle", (event) => {
  if (event.target.open) stale.forEach((plot) => { if (inSight(plot)) draw(plot); });
}, true);

// Print: what is marked so is open, its charts drawn in light colours.
const opened = [];
const startPrint = () => {
  if (printing) return;
  printing = true;
  document.querySelectorAll("details.printed:not([open])").forEach((element) => {
    element.open = true;
    opened.push(element);
  });
  plots.filter(inSight).forEach(draw);
};
const endPrint = () => {
  if (!printing) return;
  printing = false;
  opened.splice(0).forEach((element) => { element.open = false; });
  drawn.forEach(draw);
};
addEventListener("beforeprint", startPrint);
addEventListener("afterprint", endPrint);
matchMedia("print").addEventListener("change", (event) => (event.matches ? startPrint() : endPrint()));

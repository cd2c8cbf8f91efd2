// Draws the charts when they come into view, follows the colour scheme, and runs the sample filmstrip and copy buttons.
(() => {
  "use strict";
  const read = (root) => JSON.parse(root.getElementById("report-data").textContent);
  let data = read(document);
  const say = (key, step) => data.words[key].replace("{step}", step);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const drawn = new Set();
  let printing = false;

  // Charts ---------------------------------------------------------------------------------------------------------
  const themed = (node) => {
    const swap = dark.matches && !printing;
    if (typeof node === "string") return swap && Object.hasOwn(data.dark, node) ? data.dark[node] : node;
    if (Array.isArray(node)) return node.map(themed);
    if (node && typeof node === "object") {
      return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, themed(value)]));
    }
    return node;
  };

  const draw = (plot) => {
    if (!window.Plotly) return null;
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
    if (narrow) figure.layout.xaxis.nticks = 5;
    if (narrow && figure.layout.yaxis.tickfont) figure.layout.yaxis.tickfont.size = 9;
    const height = Number.parseInt(plot.style.getPropertyValue("--height"), 10) || 260;
    if (printing) Object.assign(figure.layout, { width: 660, height, autosize: false });
    drawn.add(plot);
    return Plotly.react(plot, figure.data, figure.layout, {
      responsive: true,
      displaylogo: false,
      displayModeBar: narrow ? false : "hover",
      modeBarButtonsToRemove: ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d"],
      plotlyServerURL: "",
    });
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
    able.then((can) => plots.forEach((plot) => {
      if (!can) plot.textContent = data.words.no_charts;
      else if (!drawn.has(plot)) watcher.observe(plot);
    }));
  };
  dark.addEventListener("change", () => drawn.forEach(draw));

  // In print every chart is drawn, in light colours, and every "what to change" is open.
  const opened = [];
  const startPrint = () => {
    if (printing) return;
    printing = true;
    document.querySelectorAll("details.fix:not([open]), details.more:not([open])").forEach((element) => {
      element.open = true;
      opened.push(element);
    });
    plots.forEach(draw);
  };
  const endPrint = () => {
    if (!printing) return;
    printing = false;
    opened.splice(0).forEach((element) => { element.open = false; });
    plots.forEach(draw);
  };
  addEventListener("beforeprint", startPrint);
  addEventListener("afterprint", endPrint);
  matchMedia("print").addEventListener("change", (event) => (event.matches ? startPrint() : endPrint()));

  // A link to a closed explanation opens it.
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  addEventListener("hashchange", reveal);
  reveal();

  // Copy buttons ---------------------------------------------------------------------------------------------------
  const said = document.getElementById("said");
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = document.createElement("textarea"); // where the clipboard is refused, e.g. an embedded page
      area.value = text;
      area.className = "hidden";
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy");
    if (!button) return;
    const label = button.firstChild;
    const done = await copy(button.closest(".code").querySelector("code").textContent);
    button.focus();
    label.data = done ? data.words.copied : data.words.press;
    said.textContent = done ? data.words.copied_said : data.words.refused_said;
    setTimeout(() => { label.data = data.words.copy; }, 2000);
  });

  // Filmstrip ------------------------------------------------------------------------------------------------------
  // `at` is where an earlier filmstrip was left: { step, last: whether that was its end, playing }.
  const startFilm = (at) => {
    const slider = document.getElementById("film-slider");
    if (!slider) return null;
    const last = document.getElementById("last-sheet");
    const frames = [...data.frames, { step: Number(last.dataset.step), source: last.src }];
    const image = document.getElementById("film-image");
    const output = document.getElementById("film-step");
    const strip = document.getElementById("film-strip");
    const play = document.getElementById("film-play");
    let timer = 0;

    const thumbs = frames.map((frame, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "thumb";
      const picture = document.createElement("img");
      picture.src = frame.source;
      picture.alt = "";
      const text = document.createElement("span");
      text.textContent = say("step", frame.step);
      button.append(picture, text);
      button.addEventListener("click", () => { stop(); show(index); });
      strip.append(button);
      return button;
    });

    const show = (index) => {
      const frame = frames[index];
      slider.value = String(index);
      slider.setAttribute("aria-valuetext", say("step", frame.step));
      image.src = frame.source;
      image.alt = say("alt", frame.step);
      image.hidden = false;
      output.textContent = say("step", frame.step);
      thumbs.forEach((thumb, i) => thumb.setAttribute("aria-current", String(i === index)));
      const thumb = thumbs[index];
      strip.scrollLeft = thumb.offsetLeft - (strip.clientWidth - thumb.clientWidth) / 2;
    };
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      play.setAttribute("aria-pressed", "false");
      play.textContent = data.words.play;
    };
    slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
    play.addEventListener("click", () => {
      if (timer) return stop();
      if (Number(slider.value) === frames.length - 1) show(0);
      play.setAttribute("aria-pressed", "true");
      play.textContent = data.words.pause;
      timer = setInterval(() => {
        const next = Number(slider.value) + 1;
        if (next >= frames.length) return stop();
        return show(next);
      }, 350);
      return undefined;
    });
    document.querySelectorAll(".film-mark").forEach((mark) => {
      mark.addEventListener("click", () => { stop(); show(Number(mark.dataset.index)); });
    });
    // For print: the first, the last and the sheets at which findings began.
    const told = new Set([0, frames.length - 1]);
    document.querySelectorAll(".film-mark").forEach((mark) => told.add(Number(mark.dataset.index)));
    thumbs.forEach((thumb, i) => thumb.classList.toggle("told", told.has(i)));
    if (at && !at.last) {
      const distance = frames.map((frame) => Math.abs(frame.step - at.step));
      show(distance.indexOf(Math.min(...distance)));
    } else {
      show(frames.length - 1);
    }
    if (at && at.playing) play.click();
    const where = () => {
      const index = Number(slider.value);
      return { step: frames[index].step, last: index === frames.length - 1, playing: timer !== 0 };
    };
    return { at: where, stop };
  };

  // The whole page; a live page stops it, puts new content in place and starts it again.
  let film = null;
  const start = (root, at) => {
    if (root) data = read(root);
    startCharts();
    film = startFilm(at);
  };
  const stop = () => {
    const at = film && film.at();
    if (film) film.stop();
    return at;
  };
  window.gandoctorReport = { start, stop, printing: () => printing };
  start();
})();

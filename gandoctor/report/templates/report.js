// Draws the charts when they come into view, follows the colour scheme, and runs the sample filmstrip and copy buttons.
(() => {
  "use strict";
  const read = (root) => JSON.parse(root.getElementById("report-data").textContent);
  let data = read(document);
  const say = (key, step) => data.words[key].replace("{step}", step);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const drawn = new Set();
  let printing = false;
  document.documentElement.classList.add("scripts");

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

  // Tabs: folded sections, of which one is open at a time -------------------------------------------------------------
  const tabs = () => [...document.querySelectorAll(".tab-list [role=tab]")];
  const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
  const foldOf = (tab) => panelOf(tab).closest("details");
  const select = (chosen) => {
    tabs().forEach((tab) => {
      const is = tab === chosen;
      foldOf(tab).open = is;
      tab.setAttribute("aria-selected", String(is));
      tab.tabIndex = is ? 0 : -1;
    });
  };
  const startTabs = () => {
    const every = tabs();
    if (!every.length) return;
    every.forEach((tab) => {
      panelOf(tab).setAttribute("role", "tabpanel");
      panelOf(tab).setAttribute("aria-labelledby", tab.id);
    });
    select(every.find((tab) => foldOf(tab).open) || every[0]);
  };
  document.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) select(tab);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.role !== "tab" && event.target.getAttribute("role") !== "tab") return;
    const every = tabs();
    const at = every.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: every.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = every[(to + every.length) % every.length];
    select(tab);
    tab.focus();
  });

  // A link to something folded away unfolds it.
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let element = target; element; element = element.parentElement) {
      if (!(element instanceof HTMLDetailsElement)) continue;
      const tab = tabs().find((one) => foldOf(one) === element);
      if (tab) select(tab);
      else element.open = true;
    }
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) reveal(); // the same link again: no hashchange
  });

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
  // Of a change, the new lines: what is to be pasted.
  const codeOf = (button) => {
    const code = button.closest(".code").querySelector("code");
    const come = [...code.querySelectorAll(".come")].map((line) => line.textContent.slice(2));
    return come.length ? come.join("\n") : code.textContent;
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy, #copy-issue");
    if (!button) return;
    const label = button.firstChild;
    const before = label.data;
    const done = await copy(button.id ? data.issue : codeOf(button));
    button.focus();
    label.data = done ? data.words.copied : data.words.press;
    said.textContent = done ? data.words.copied_said : data.words.refused_said;
    setTimeout(() => { label.data = before; }, 2000);
  });

  // Sheets and the cursor ----------------------------------------------------------------------------------------------
  let frames = [];
  let film = null;
  const nearest = (to) => {
    const distance = frames.map((frame) => Math.abs(frame.step - to));
    return distance.indexOf(Math.min(...distance));
  };
  const isLast = () => (frames.length ? step === frames.at(-1).step : step === data.last_step);

  const moveTo = (to) => {
    if (typeof to !== "number") return;
    step = frames.length ? frames[nearest(to)].step : Math.round(to);
    placeLines();
    const slider = document.getElementById("cursor");
    if (slider) {
      slider.value = String(step);
      slider.setAttribute("aria-valuetext", say("step", step));
      document.getElementById("cursor-step").textContent = step.toLocaleString("en");
    }
    if (!frames.length) return;
    const index = nearest(step);
    showNow(frames[index]);
    if (film) film.display(index);
  };

  const showNow = (frame) => {
    const image = document.getElementById("last-sheet");
    if (!image) return;
    const box = image.closest(".sheet-box");
    image.src = frame.source;
    image.alt = say("alt", frame.step);
    box.querySelector(".sheet-step").textContent = say("step", frame.step);
    const title = isLast() ? data.words.now : data.words.at_cursor;
    box.querySelector(".sheet-title").textContent = title;
    const sheet = box.querySelector(".sheet");
    sheet.setAttribute("aria-label", data.words.open.replace("{what}", `${title} ${say("step", frame.step)}`));
    if (isLast() && box.dataset.kept) return; // as it was when the page was made: suspected copies are framed as well
    const places = frame.repeats.map((place) => frameAt(sheet, place));
    box.querySelector(".frames").replaceChildren(...places);
    let note = box.querySelector(".sheet-note");
    if (!note) {
      note = document.createElement("p");
      note.className = "sheet-note";
      box.append(note);
    }
    note.textContent = places.length ? data.words.same.replace("{n}", places.length) : "";
  };
  // As `Tiles.place` has it: 8 images a row, 2 pixels between them.
  const frameAt = (sheet, index) => {
    const [W, H, w, h, top] = ["W", "H", "w", "h", "top"].map((name) => Number(sheet.style.getPropertyValue(`--${name}`)));
    const span = document.createElement("span");
    Object.assign(span.style, {
      left: `${100 * (2 + (index % 8) * (w + 2)) / W}%`,
      top: `${100 * (top + 2 + Math.floor(index / 8) * (h + 2)) / H}%`,
      width: `${100 * w / W}%`,
      height: `${100 * h / H}%`,
    });
    return span;
  };

  const startCursor = (at) => {
    frames = data.frames.map((frame) => ({
      ...frame,
      source: frame.source || document.querySelector(`.sheet img[data-step="${frame.step}"]`)?.src,
    }));
    const slider = document.getElementById("cursor");
    if (slider) {
      slider.addEventListener("input", () => { if (film) film.stop(); moveTo(Number(slider.value)); });
      slider.addEventListener("keydown", (event) => {
        const by = { ArrowLeft: -1, ArrowDown: -1, PageDown: -5, ArrowRight: 1, ArrowUp: 1, PageUp: 5, Home: -1e9, End: 1e9 }[event.key];
        if (by === undefined || !frames.length) return;
        event.preventDefault();
        moveTo(frames[Math.min(Math.max(nearest(step) + by, 0), frames.length - 1)].step);
      });
    }
    film = startFilm();
    moveTo(at && !at.last ? at.step : frames.length ? frames.at(-1).step : data.last_step);
    if (at && at.playing && film) film.play();
  };

  // Large images: any sheet, and the film.
  const large = document.getElementById("large");
  const openLarge = (image, spots, caption) => {
    const box = large.querySelector(".large-sheet");
    const picture = document.createElement("img");
    picture.src = image.src;
    picture.alt = image.alt;
    const ratio = image.naturalWidth / image.naturalHeight;
    box.style.setProperty("--wide", `${Math.round(Math.min(image.naturalWidth * 4, innerHeight * 0.82 * ratio))}px`);
    box.replaceChildren(picture, ...(spots ? [spots.cloneNode(true)] : []));
    large.querySelector(".large-caption").textContent = caption;
    large.showModal();
  };
  document.addEventListener("click", (event) => {
    const sheet = event.target.closest(".sheet");
    if (sheet) openLarge(sheet.querySelector("img"), sheet.querySelector(".frames"), sheet.closest("figure").querySelector("figcaption").textContent.trim());
    else if (event.target.closest("#film-open")) openLarge(document.getElementById("film-image"), null, say("step", step));
    else if (event.target === large || event.target.closest("#large .close")) large.close();
  });

  // Filmstrip ------------------------------------------------------------------------------------------------------
  const startFilm = () => {
    const slider = document.getElementById("film-slider");
    if (!slider) return null;
    const image = document.getElementById("film-image");
    const output = document.getElementById("film-step");
    const strip = document.getElementById("film-strip");
    const play = document.getElementById("film-play");
    let timer = 0;
    const show = (index) => moveTo(frames[index].step);

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

    const display = (index) => {
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
    return { display, stop, play: () => play.click(), playing: () => timer !== 0 };
  };

  // The whole page; a live page stops it, puts new content in place and starts it again, where the cursor was left:
  // { step, last: whether that was the end, playing }.
  const start = (root, at) => {
    if (root) data = read(root);
    startTabs();
    startCursor(at);
    startCharts();
    if (!root) reveal();
  };
  const stop = () => {
    const at = { step, last: isLast(), playing: Boolean(film && film.playing()) };
    if (film) film.stop();
    return at;
  };
  window.gandoctorReport = { start, stop, printing: () => printing };
  start();
})();

// Sheets and the cursor.
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
  // A sheet of images that have grown since: where its images lie is not known here.
  sheet.classList.toggle("whole", frame.whole || !sheet.style.getPropertyValue("--W"));
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

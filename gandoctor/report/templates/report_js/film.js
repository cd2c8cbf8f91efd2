// The filmstrip.
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

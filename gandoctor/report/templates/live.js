// A live page: asks its server for news and puts them in place, leaving the reader where they were.
(() => {
  "use strict";
  const report = window.gandoctorReport;
  const words = JSON.parse(document.getElementById("live-words").textContent);
  const badge = document.getElementById("live");
  const said = document.getElementById("said");
  let pressed = false;
  let timer = 0;

  const say = (key, values) => Object.entries(values).reduce((text, [k, v]) => text.replace(`{${k}}`, () => v), words[key]);
  const show = (state, text) => {
    badge.className = `live ${state}`;
    if (badge.textContent !== text) badge.textContent = text;
  };

  // A name that finds the same element again in the new content.
  const address = (element) => {
    if (element.id) return `#${element.id}`;
    const owner = element.parentElement.closest("[id]");
    return `${owner.id}/${element.localName}/${[...owner.querySelectorAll(element.localName)].indexOf(element)}`;
  };
  const find = (place) => {
    if (place.startsWith("#")) return document.getElementById(place.slice(1));
    const [id, name, index] = place.split("/");
    const owner = document.getElementById(id);
    return owner && owner.querySelectorAll(name)[Number(index)];
  };

  // What is at the top of the window stays there, also when something above it has grown.
  const anchor = () => {
    if (scrollY < 10) return null;
    const shown = [...document.querySelectorAll("main [id]")].filter((e) => e.getClientRects().length);
    const above = shown.filter((e) => e.getBoundingClientRect().top <= 80);
    const element = above.at(-1);
    return element && { id: element.id, top: element.getBoundingClientRect().top };
  };

  const replace = (next) => {
    const focused = document.activeElement;
    const focus = focused && focused.closest("main") ? address(focused) : null;
    const unfolded = [...document.querySelectorAll("main details")].map((e) => [address(e), e.open]);
    const held = anchor();
    const at = report.stop();
    const main = document.adoptNode(next.getElementById("main"));
    const plots = new Map([...document.querySelectorAll(".plot")].map((plot) => [plot.dataset.chart, plot]));
    main.querySelectorAll(".plot").forEach((fresh) => {
      const plot = plots.get(fresh.dataset.chart); // drawn already: it is given its new data, not drawn from nothing
      if (!plot || !plot.firstChild) return;
      plot.setAttribute("aria-label", fresh.getAttribute("aria-label"));
      fresh.replaceWith(plot);
    });
    const verdict = document.getElementById("verdict-title").textContent.trim();
    document.getElementById("main").replaceWith(main);
    document.querySelector(".run-facts").replaceWith(document.adoptNode(next.querySelector(".run-facts")));
    document.title = next.title;
    badge.dataset.version = next.getElementById("live").dataset.version;
    unfolded.forEach(([place, open]) => {
      const element = find(place);
      if (element) element.open = open;
    });
    report.start(next, at);
    const element = held && document.getElementById(held.id);
    if (element) scrollBy({ top: element.getBoundingClientRect().top - held.top, behavior: "instant" });
    if (focus) find(focus)?.focus({ preventScroll: true });
    const now = document.getElementById("verdict-title").textContent.trim();
    if (now !== verdict) said.textContent = say("changed", { verdict: now.replace(/^\S+\s+/, "") });
  };

  // Nothing moves under a reader who is dragging, selecting or printing.
  const busy = () => pressed || report.printing() || !getSelection().isCollapsed;

  const look = async () => {
    clearTimeout(timer);
    let pause = Number(badge.dataset.every);
    try {
      const answer = await fetch("version", { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const news = await answer.json();
      if (news.version !== badge.dataset.version && !busy()) {
        const content = await fetch("content", { cache: "no-store" });
        if (!content.ok) throw new Error(String(content.status));
        const text = await content.text();
        if (!busy()) replace(new DOMParser().parseFromString(text, "text/html"));
      }
      if (news.trouble) show("waiting", say("waiting", news));
      else show(news.state, say(news.state === "running" ? "running" : "ended", news));
      if (news.state !== "running") pause *= 5;
    } catch {
      show("lost", words.lost);
      pause *= 5;
    }
    if (!document.hidden) timer = setTimeout(look, pause);
  };

  addEventListener("pointerdown", () => { pressed = true; });
  ["pointerup", "pointercancel"].forEach((name) => addEventListener(name, () => { pressed = false; }));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  addEventListener("DOMContentLoaded", look, { once: true });
})();

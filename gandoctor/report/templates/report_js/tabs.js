// Tabs: folded sections, of which one is open at a time.
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

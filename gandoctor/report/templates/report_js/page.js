// What the scripts of the page share: its data, its words, and what it is drawn with.
const read = (root) => JSON.parse(root.getElementById("report-data").textContent);
let data = read(document);
const say = (key, step) => data.words[key].replace("{step}", step);
const dark = matchMedia("(prefers-color-scheme: dark)");
const drawn = new Set();
let printing = false;
document.documentElement.classList.add("scripts");

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

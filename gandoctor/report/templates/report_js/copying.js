// Copy buttons.
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

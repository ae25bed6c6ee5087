// What the console's pages need beyond htmx. Everything works without it, with full page loads.
// Switchers send themselves; copy buttons copy.
document.addEventListener("DOMContentLoaded", () => {
  // The theme writes the chosen file's name into a text field that its own widget has; ours is the browser's.
  for (const input of document.querySelectorAll(".pq-field input[type=file]")) input.hasChangeListener = true;
  for (const form of document.querySelectorAll("form[data-pq-send-on-change]")) {
    form.querySelector("button[type=submit]").hidden = true;
    form.addEventListener("change", () => form.requestSubmit());
  }
});

// Copy buttons, also those that htmx brings later, are hidden without a script.
function showCopyButtons() {
  for (const button of document.querySelectorAll("button[data-pq-copy]")) button.hidden = false;
}
document.addEventListener("DOMContentLoaded", showCopyButtons);
document.addEventListener("htmx:afterSettle", showCopyButtons);
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-pq-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.pqCopy);
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = button.dataset.pqCopied;
  } catch {
    const range = document.createRange(); // no clipboard without https: select it, so that Ctrl-C copies
    range.selectNodeContents(source);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    button.textContent = button.dataset.pqSelected;
  }
  setTimeout(() => { button.textContent = before; }, 2500);
});

// What scrolls sideways can be reached with the keyboard; the theme's scroll boxes are no landmarks.
function openToTheKeyboard() {
  for (const box of document.querySelectorAll(".pq-scroll, pre")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }
}
addEventListener("load", () => {
  openToTheKeyboard();
  for (const box of document.querySelectorAll(".simplebar-content-wrapper")) box.removeAttribute("role");
});
addEventListener("resize", openToTheKeyboard);
document.addEventListener("htmx:afterSettle", openToTheKeyboard);

// A form that was refused comes back with 422 and what is wrong: show it like any other answer.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status === 422) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

// After an answer the keyboard goes on where the page changed.
document.addEventListener("htmx:afterSwap", (event) => {
  const changed = event.detail.target.id && document.getElementById(event.detail.target.id);
  if (changed && changed.hasAttribute("tabindex")) changed.focus({ preventScroll: true });
});

// The live view of events waits while it is paused, while a row is open to be read, and while nobody looks.
document.addEventListener("htmx:beforeRequest", (event) => {
  const live = event.detail.elt;
  if (!live.matches("[data-live]")) return;
  const isPaused = live.querySelector("#live-pause")?.checked;
  if (isPaused || document.hidden || live.querySelector("details[open]")) event.preventDefault();
});

// What the pages under Define and Data need beyond htmx. Everything works without it, with full page loads.
// A form that was refused comes back with 422 and its errors: show it like any other answer.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status === 422) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

// The live view of events waits while it is paused, while a row is open to be read, and while nobody looks.
document.addEventListener("htmx:beforeRequest", (event) => {
  const live = event.detail.elt;
  if (!live.matches("[data-live]")) return;
  const isPaused = live.querySelector("#live-pause")?.checked;
  if (isPaused || document.hidden || live.querySelector("details[open]")) event.preventDefault();
});

// What the pages under Act need beyond htmx. Everything works without it, with full page loads.
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

// Small comforts of the tenants' pages: switchers that send themselves, and copy buttons. Everything works without.
document.addEventListener("DOMContentLoaded", () => {
  for (const form of document.querySelectorAll("form[data-pq-send-on-change]")) {
    form.querySelector("button[type=submit]").hidden = true;
    form.addEventListener("change", () => form.requestSubmit());
  }
  for (const button of document.querySelectorAll("button[data-pq-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
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
  }
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

"use strict";
// What htmx does not do: troubles at the top of the page, tick boxes, dropped files.
(() => {
  const troubles = () => document.getElementById("trouble");

  // A request that was refused is told where everybody sees it.
  document.addEventListener("htmx:responseError", (event) => {
    const answer = event.detail.xhr;
    const html = (answer.getResponseHeader("content-type") || "").startsWith("text/html");
    if (html && answer.status !== 403) {
      const page = new DOMParser().parseFromString(answer.responseText, "text/html");
      tell(page.querySelector(".message")?.textContent ?? page.body.textContent.trim());
    } else if (answer.status === 403) {
      tell("This page is of an earlier start of the app; open the link that it printed last.");
    } else tell(answer.responseText || `The app answered with ${answer.status}.`);
  });
  document.addEventListener("htmx:sendError", () =>
    tell("The app does not answer: was it stopped? What it started goes on; start it again."));
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.requestConfig?.verb !== "get") troubles()?.replaceChildren();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful && troubles()?.dataset.gone) clear();
  });

  function clear() {
    troubles()?.replaceChildren();
    delete troubles()?.dataset.gone;
  }

  function tell(text) {
    const place = troubles();
    if (!place) return;
    const box = document.createElement("div");
    box.className = "trouble";
    const said = document.createElement("p");
    said.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "plain";
    close.textContent = "Close";
    close.addEventListener("click", clear);
    box.append(said, close);
    place.replaceChildren(box);
    place.dataset.gone = text.startsWith("The app does not answer") ? "1" : "";
  }

  // Buttons that need so many ticked boxes.
  function counted() {
    for (const button of document.querySelectorAll("[data-needs-checked]")) {
      const name = CSS.escape(button.dataset.needsChecked);
      const ticked = document.querySelectorAll(`input[name="${name}"]:checked`).length;
      button.disabled = ticked < Number(button.dataset.least ?? 1);
    }
  }
  document.addEventListener("change", counted);

  // Ticked boxes stay ticked when their table is brought up to date.
  let kept = [];
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!event.target.matches?.("[data-keep-checked]")) return;
    kept = [...event.target.querySelectorAll("input:checked")].map((box) => box.value);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.matches?.("[data-keep-checked]"))
      for (const box of event.target.querySelectorAll("input[type=checkbox]"))
        box.checked = kept.includes(box.value);
    counted();
  });

  // What was unfolded stays so when its part of the page is brought up to date.
  let unfolded = [];
  document.addEventListener("htmx:beforeSwap", (event) => {
    unfolded = [...event.target.querySelectorAll("details[open] > summary")].map((s) => s.textContent);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    for (const summary of event.target.querySelectorAll("details > summary"))
      if (unfolded.includes(summary.textContent)) summary.parentElement.open = true;
  });

  // Files dropped on a drop zone go to its input.
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"])
    document.addEventListener(kind, (event) => {
      const zone = event.target.closest?.("[data-drop]");
      if (!zone) return;
      event.preventDefault();
      zone.classList.toggle("over", kind === "dragenter" || kind === "dragover");
      if (kind !== "drop" || !event.dataTransfer.files.length) return;
      const input = zone.querySelector("input[type=file]");
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });

  // A button copies what it names.
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    const text = document.querySelector(button.dataset.copy)?.textContent ?? "";
    navigator.clipboard.writeText(text).then(() => { button.textContent = "Copied"; });
  });

  document.addEventListener("DOMContentLoaded", counted);
})();

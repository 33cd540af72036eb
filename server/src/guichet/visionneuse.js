// Zooming and keys for the reader of a document. Everything else works without it.
"use strict";
(() => {
  const region = document.getElementById("document");
  const picture = region?.querySelector("svg");
  if (!picture) return;
  const STEP = 1.25;
  const MOST = 6;
  let zoom = 1;

  const apply = () => {
    picture.style.width = zoom === 1 ? "" : `${zoom * 100}%`;
    picture.style.maxWidth = zoom === 1 ? "" : "none";
  };
  const act = (what) => {
    if (what === "plus") zoom = Math.min(MOST, zoom * STEP);
    else if (what === "moins") zoom = Math.max(1, zoom / STEP);
    else zoom = 1;
    apply();
  };
  const turnTo = (rel) => document.querySelector(`a[data-page="${rel}"]`)?.click();

  for (const hidden of document.querySelectorAll(".zoom, .touches")) hidden.hidden = false;
  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => act(button.dataset.zoom));
  }
  // Only while the document has the focus: a screen reader's own keys stay its own.
  region.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+") act("plus");
    else if (event.key === "-") act("moins");
    else if (event.key === "0") act("ajuster");
    else if (event.key === "ArrowLeft" && zoom === 1) turnTo("prev");
    else if (event.key === "ArrowRight" && zoom === 1) turnTo("next");
    else return;
    event.preventDefault();
  });
})();

// Zooming, keys, and a rectangle to mask, for the reader of a document. Everything else works without it.
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

  // The rectangle to mask, in the four numbers of its form and on the document, whichever is moved.
  const masking = document.getElementById("masquage");
  if (!masking) return;
  const field = (name) => document.getElementById(`masque-${name}`);
  const rectangle = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  rectangle.setAttribute("class", "masque");
  const box = picture.viewBox.baseVal;
  const show = () => {
    const part = (name, side) => (Number(field(name).value.replace(",", ".")) || 0) / 100 * side;
    rectangle.setAttribute("x", part("gauche", box.width));
    rectangle.setAttribute("y", part("haut", box.height));
    rectangle.setAttribute("width", part("largeur", box.width));
    rectangle.setAttribute("height", part("hauteur", box.height));
  };
  const place = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
    const within = (value, side) => Math.min(100, Math.max(0, value / side * 100));
    return [within(at.x, box.width), within(at.y, box.height)];
  };
  let from = null;
  const draw = (event) => {
    const to = place(event);
    const put = (name, value) => { field(name).value = value.toFixed(1); };
    put("gauche", Math.min(from[0], to[0]));
    put("haut", Math.min(from[1], to[1]));
    put("largeur", Math.abs(from[0] - to[0]));
    put("hauteur", Math.abs(from[1] - to[1]));
    show();
  };
  masking.addEventListener("toggle", () => {
    picture.classList.toggle("a-masquer", masking.open);
    if (masking.open) picture.append(rectangle);
    else rectangle.remove();
    show();
  });
  masking.addEventListener("input", show);
  picture.addEventListener("pointerdown", (event) => {
    if (!masking.open) return;
    from = place(event);
    picture.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  picture.addEventListener("pointermove", (event) => { if (from) draw(event); });
  picture.addEventListener("pointerup", (event) => { if (from) draw(event); from = null; });
  picture.addEventListener("pointercancel", () => { from = null; });
})();

// The page on paper shows what the screen shows, at the size of the sheet while legend and scale keep theirs.

import { releaseName } from "./choices.js";
import { texts } from "./given.js";
import { map } from "./ground.js";
import { panelTitle } from "./panel.js";
import { state } from "./state.js";

// What WebGL has drawn is gone a moment later, so the drawing is copied.
const SHEET = { width: 760, height: 600 };
const ground = document.getElementById("ground");
const legend = document.getElementById("legend");
let before = null;

window.addEventListener("beforeprint", () => {
  const { width, height } = ground.getBoundingClientRect();
  const scale = Math.min(SHEET.width / width, SHEET.height / height);
  ground.style.setProperty("--sheet-width", `${Math.floor(width * scale)}px`);
  ground.style.setProperty("--sheet-height", `${Math.floor(height * scale)}px`);
  before = { open: legend.open, zoom: map?.getZoom() };
  document.body.classList.add("printing");
  legend.open = true;
  document.getElementById("imprint-place").textContent = panelTitle();
  document.getElementById("imprint-release").textContent =
    `${releaseName()} · ${texts.data_version} ${state.release}`;
  if (!map) return;
  map.setPixelRatio(2);
  map.jumpTo({ zoom: before.zoom + Math.log2(scale) });
  map.redraw();
  const paper = document.getElementById("paper");
  const drawn = map.getCanvas();
  Object.assign(paper, { width: drawn.width, height: drawn.height });
  paper.getContext("2d").drawImage(drawn, 0, 0);
});

window.addEventListener("afterprint", () => {
  document.body.classList.remove("printing");
  legend.open = before.open;
  if (!map) return;
  map.setPixelRatio(window.devicePixelRatio);
  map.jumpTo({ zoom: before.zoom });
});

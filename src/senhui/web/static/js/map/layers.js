// The layers and the legend of the one that is shown, and on a phone the button that brings the layers up.

import { measureName } from "./choices.js";
import { given, narrow, texts } from "./given.js";
import { map, ready } from "./ground.js";
import { change, onChange, state } from "./state.js";
import { isFiltered, isOfChange, levelAt, shownAt } from "./style.js";

const box = document.getElementById("layers-box");
const list = document.getElementById("layer-list");
const opener = document.getElementById("open-layers");
const legend = document.getElementById("legend");
const choices = [...list.querySelectorAll("input")];

list.addEventListener("change", () => change({ layer: list.querySelector(":checked").value }));

// In a difference only the layers of change can be shown; before it, those of one survey.
function showChoices() {
  const isDifference = state.before !== null;
  for (const choice of choices) {
    const isClosed = choice.dataset.needsRole === "true" && !given.stands;
    choice.disabled = isClosed || (isDifference && !isOfChange(choice.value));
    choice.checked = choice.value === (isDifference && !isOfChange(state.layer) ? "removal" : state.layer);
  }
}

let level = null;

function showLegend() {
  level = levelAt(map?.getZoom() ?? 0);
  const { layer, why } = shownAt(level);
  const isDensity = layer.id === "density";
  document.getElementById("legend-measure").textContent = isDensity ? measureName() : layer.title;
  document.getElementById("legend-unit").textContent = layer.unit ? `(${layer.unit})` : "";
  const classes = layer.legend.map(({ colour, label }) => entry(colour, label));
  if (isFiltered()) classes.push(entry(layer.legend.at(-2).colour, texts.filtered_out, "dimmed"));
  document.getElementById("legend-classes").replaceChildren(...classes);
  document.getElementById("density-choices").hidden = !isDensity;
  document.getElementById("ratio").hidden = !isDensity || level === "stand";
  const told = isDensity ? given.style.levels[state.per][level] : texts[`shown_${level}`];
  document.getElementById("legend-level").textContent = told;
  const note = document.getElementById("legend-why");
  note.textContent = why;
  note.hidden = !why;
}

function entry(colour, label, className = "") {
  const template = document.getElementById("legend-class").content.cloneNode(true);
  template.querySelector("rect").setAttribute("fill", colour);
  template.querySelector("span").textContent = label;
  template.querySelector("li").className = className;
  return template;
}

function open(isOpen) {
  box.classList.toggle("open", isOpen);
  opener.setAttribute("aria-expanded", String(isOpen));
  (isOpen ? list.querySelector(":checked") ?? choices[0] : opener).focus();
}

opener.addEventListener("click", () => open(!box.classList.contains("open")));
document.getElementById("close-layers").addEventListener("click", () => open(false));
box.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && box.classList.contains("open")) open(false);
});

onChange(["layer", "before"], showChoices);
onChange(["layer", "before", "release", "measure", "per", "where", "shape"], showLegend);
onChange(["view"], () => { if (levelAt(map.getZoom()) !== level) showLegend(); });
ready.then(showLegend);
showChoices();
if (narrow) legend.open = false;

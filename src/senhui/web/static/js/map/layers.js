// The layers: which one is shown, and on a phone the button that brings them up.

import { given } from "./given.js";
import { change, onChange, state } from "./state.js";

const box = document.getElementById("layers-box");
const list = document.getElementById("layer-list");
const opener = document.getElementById("open-layers");

list.append(...given.style.layers.map(({ id, title }) => {
  const label = document.createElement("label");
  const choice = Object.assign(document.createElement("input"), { type: "radio", name: "layer", value: id });
  choice.addEventListener("change", () => change({ layer: id }));
  label.append(choice, ` ${title}`);
  return label;
}));

function showChosen() {
  list.querySelector(`[value=${state.layer}]`).checked = true;
}

function open(isOpen) {
  box.classList.toggle("open", isOpen);
  opener.setAttribute("aria-expanded", String(isOpen));
  (isOpen ? list.querySelector(":checked") : opener).focus();
}

opener.addEventListener("click", () => open(!box.classList.contains("open")));
document.getElementById("close-layers").addEventListener("click", () => open(false));
box.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && box.classList.contains("open")) open(false);
});

onChange(["layer"], showChosen);
showChosen();

// What filters map, charts and totals: chips that say so, and a dialog for every value there is.

import { answerAddress, asked, newest } from "./asking.js";
import { toggle } from "./charts.js";
import { filled, given } from "./given.js";
import { map } from "./ground.js";
import { change, onChange, state } from "./state.js";
import { asText, dimensionOf, element, entryOf, withUnit, written } from "./writing.js";

const { dimensions, texts } = given.selection;
const box = document.getElementById("filters-box");

const opener = element("button", { type: "button", className: "open-filters", textContent: texts.all_filters, attributes: { "aria-haspopup": "dialog" } });
const chips = element("ul", { className: "chips", attributes: { "aria-label": texts.filters } });
const clear = element("button", { type: "button", className: "plain clear-filters", textContent: texts.clear_all });

const isFiltered = () => Object.keys(state.where).length > 0 || state.shape !== null;

function chip(name, remove) {
  const button = element("button", { type: "button", className: "chip", attributes: { "aria-label": filled(texts.remove, { name }) } },
    element("span", { textContent: name }), element("span", { textContent: "✕", attributes: { "aria-hidden": "true" } }));
  button.addEventListener("click", () => {
    const at = [...chips.children].indexOf(button.parentElement);
    remove();
    (chips.children[Math.min(at, chips.children.length - 1)]?.querySelector("button") ?? opener).focus();
  });
  return element("li", {}, button);
}

function showChips() {
  const ofValues = Object.entries(state.where).flatMap(([id, values]) => values.map((value) =>
    chip(`${dimensionOf(id)?.title ?? id}: ${entryOf(id, value).name}`, () => toggle(id, value))));
  const ofShape = state.shape === null ? []
    : [chip(typeof state.shape === "string" ? texts.boundary : texts.outline, () => change({ shape: null }))];
  chips.replaceChildren(...ofValues, ...ofShape);
  chips.hidden = clear.hidden = !isFiltered();
}

clear.addEventListener("click", () => { change({ where: {}, shape: null }); opener.focus(); });

// The dialog. It is made when it is asked for; its numbers follow every other filter.
let dialog = null;
let counts = new Map();
const status = element("p", { attributes: { role: "status" } });

function build() {
  const close = element("button", { type: "button", className: "first", textContent: texts.close });
  const clearAll = element("button", { type: "button", textContent: texts.clear_all });
  close.addEventListener("click", () => dialog.close());
  clearAll.addEventListener("click", () => change({ where: {} }));
  dialog = element("dialog", { className: "filter-dialog", attributes: { "aria-labelledby": "filter-title" } },
    element("h2", { id: "filter-title", textContent: texts.filters }),
    element("p", { className: "soft small", textContent: texts.filter_help }),
    status,
    element("div", { className: "filter-groups" }, ...dimensions.map(group)),
    element("div", { className: "actions" }, close, clearAll));
  dialog.addEventListener("close", () => opener.focus());
  document.body.append(dialog);
}

function group({ id, title, values }) {
  const choices = values.map(({ value, name, colour }) => {
    const input = element("input", { type: "checkbox", data: { dimension: id, value: value ?? "-" } });
    input.addEventListener("change", () => toggle(id, value));
    const count = element("span", { className: "soft small", data: { count: `${id}:${value ?? "-"}` } });
    return element("label", {}, input, swatch(colour), element("span", { textContent: name }), count);
  });
  return element("details", { open: values.length < 8, data: { group: id } },
    element("summary", { textContent: title }), element("div", { className: "filter-values" }, ...choices));
}

function swatch(colour) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "swatch");
  svg.setAttribute("aria-hidden", "true");
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ width: "100%", height: "100%", fill: colour })) rect.setAttribute(name, value);
  svg.append(rect);
  return svg;
}

const question = newest((signal) => asked(answerAddress(), { signal }), ({ status: now, found, reason }) => {
  dialog.setAttribute("aria-busy", String(now === "busy"));
  status.replaceChildren({ busy: texts.asking, fresh: "", refused: reason, failed: texts.failed }[now] ?? "");
  if (now === "failed") {
    const again = element("button", { type: "button", textContent: texts.try_again });
    again.addEventListener("click", question);
    status.append(" ", again);
  }
  if (now !== "fresh") return;
  counts = new Map(Object.entries(found.by).flatMap(([id, entries]) =>
    (entries ?? []).map((one) => [`${id}:${asText(one.value) ?? "-"}`, one])));
  status.textContent = `${texts.n_stands}: ${written(found.total.n, "count")} · ${withUnit(found.total.area_ha, "area_ha")}`;
  showCounts();
});

function showCounts() {
  for (const place of dialog.querySelectorAll("[data-count]")) {
    const found = counts.get(place.dataset.count);
    place.textContent = found ? `${written(found.n, "count")} · ${withUnit(found.area_ha, "area_ha")}` : "0";
    place.parentElement.classList.toggle("absent", !found);
  }
}

function showTicks() {
  for (const input of dialog.querySelectorAll("input[data-dimension]")) {
    const { dimension, value } = input.dataset;
    input.checked = (state.where[dimension] ?? []).includes(value === "-" ? null : value);
  }
}

function refresh() {
  if (!dialog?.open) return;
  showTicks();
  question();
}

opener.addEventListener("click", () => {
  if (!dialog) build();
  dialog.showModal();
  for (const details of dialog.querySelectorAll("details")) {
    details.open ||= (state.where[details.dataset.group] ?? []).length > 0;
  }
  refresh();
});

// A reader without a role filters nothing; of a link that does, the chips stay, so that it can be undone.
box.append(...(given.stands ? [opener] : []), chips, clear);
// A sheet shows the part of the map that is seen, in the layer that is seen; only the page knows them.
document.getElementById("panel-body").addEventListener("click", (event) => {
  const link = event.target.closest("[data-sheet]");
  if (!link || !map) return;
  const query = new URLSearchParams(link.search);
  query.set("layer", state.layer);
  query.set("bbox", map.getBounds().toArray().flat().map((edge) => edge.toFixed(5)).join(","));
  link.search = query;
});

showChips();
onChange(["where", "shape"], showChips);
onChange(["release", "place", "where", "shape"], refresh);

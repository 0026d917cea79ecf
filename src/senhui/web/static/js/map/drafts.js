// A draft before its release, over the map: its tiles, the rows that were decided since, and what the checks found.
//
// It is drawn in a hue of its own under a hatch, with the word "draft" on every stand, so that nobody takes it for a
// release. A row that was decided since its tiles were made is hidden in them and drawn from its outline as it is now:
// it is seen at once, and nothing is drawn twice.

import * as maplibregl from "../../vendor/maplibre-gl-6.17.0/maplibre-gl.mjs";

import { addFindings, atItsPoint, FINDING_KINDS, findingLooks, NOTHING, stripes } from "../map_signs.js";
import { boxes, element, swatch, told } from "./boxes.js";
import { address, filled } from "./given.js";
import { flyTo } from "./ground.js";
import { change, onChange, state } from "./state.js";

const box = document.getElementById("drafts-box");
const FINDINGS_FROM = 11; // farther off there would be thousands of signs
const ASK_AGAIN_MS = 2000;
const TILE_LAYERS = ["draft-fill", "draft-hatch", "draft-line", "draft-word"];
const CHANGED_LAYERS = ["draft-changed-fill", "draft-changed-line"];

let given = null;
let map = null;
let shown = null; // what the server says of the draft that is shown
let select = null;
let said = null;
let acts = null;

boxes.then((found) => {
  if (!found?.drafts) {
    if (found && state.draft) change({ draft: null });
    return;
  }
  ({ map } = found);
  given = found.drafts;
  build();
  onChange(["draft"], open);
  onChange(["view"], () => { if (shown) showInView(); });
  map.on("click", tell);
  open();
});

function build() {
  const { texts } = given;
  select = element("select", { id: "draft" }, element("option", { value: "", textContent: texts.none }),
    ...given.drafts.map(({ id, name }) => element("option", { value: id, textContent: `${texts.draft} ${id} · ${name}` })));
  select.addEventListener("change", () => change({ draft: select.value || null }));
  said = element("div", { id: "draft-said", className: "small" });
  said.setAttribute("role", "status");
  acts = element("p", { className: "small", id: "draft-acts" });
  box.append(element("label", { htmlFor: "draft", textContent: texts.title }), select, said, acts, legend());
}

function legend() {
  const { texts, colours, lower, no_value, hatch, finding_colours } = given;
  const steps = lower.map((from, nth) => [colours[nth], nth + 1 < lower.length ? `${from} – ${lower[nth + 1]}` : `≥ ${from}`]);
  const line = (sign, label) => element("li", {}, sign, element("span", { textContent: label }));
  const looks = { error: "slanting", warning: "dots", gap: "level" };
  return element("ul", { id: "draft-legend", className: "draft-legend", hidden: true },
    element("li", { className: "wide" }, element("strong", { textContent: texts.legend })),
    ...steps.map(([ground, label]) => line(swatch({ ground, tint: hatch, hatch: "slanting" }), label)),
    line(swatch({ ground: no_value, tint: hatch, hatch: "slanting" }), texts.not_measured),
    line(swatch({ ground: "#ffffff", tint: hatch }), texts.corrected),
    ...Object.entries(looks).map(([kind, pattern]) => line(swatch({ tint: finding_colours[kind], hatch: pattern }), texts[kind])));
}

// ------------------------------------------------------------------------------------------------- what is shown

let nthOpened = 0;
let keepsView = state.view !== null; // a link that names a view leads there, and not to the whole draft

async function open() {
  const nth = ++nthOpened;
  const id = state.draft;
  select.value = given.drafts.some((draft) => draft.id === id) ? id : "";
  document.getElementById("draft-legend").hidden = !id;
  if (!id) { close(); return; }
  const answer = await asked(address(given.addresses.map, { draft: id }));
  if (nth !== nthOpened) return;
  if (!answer || !["imported", "measured"].includes(answer.state)) {
    close();
    said.textContent = given.texts.gone;
    return;
  }
  const isNew = shown?.id !== answer.id;
  shown = answer;
  draw();
  sayState();
  if (isNew && answer.bounds && !keepsView) flyTo(answer.bounds);
  keepsView = false;
  await showInView();
  box.dataset.ready = "true";
  if (answer.is_being_drawn) window.setTimeout(() => { if (state.draft === id && nth === nthOpened) open(); }, ASK_AGAIN_MS);
}

async function asked(where, options = {}) {
  try {
    const answer = await fetch(where, options);
    return answer.ok ? await answer.json() : null;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return null;
  }
}

function close() {
  shown = null;
  said.replaceChildren();
  acts.replaceChildren();
  delete box.dataset.ready;
  if (!map.getSource("draft-changed")) return;
  removeTiles();
  for (const source of ["draft-changed", "found", "signs"]) map.getSource(source).setData(NOTHING);
}

function sayState() {
  const { texts, addresses } = given;
  const lines = [];
  if (shown.is_being_drawn) lines.push(texts.drawing);
  else if (!shown.tiles) lines.push(texts.not_drawn);
  else if (!shown.is_current) lines.push(texts.old_stock);
  if (shown.tiles && shown.n_changed) lines.push(filled(texts.changed, { n: shown.n_changed }));
  said.replaceChildren(...lines.map((text) => element("p", { textContent: text })));
  const page = element("a", { href: address(addresses.page, { draft: shown.id }), textContent: texts.page });
  acts.replaceChildren(page);
  if (!shown.may_draw || shown.is_being_drawn || (shown.tiles && shown.is_current && !shown.n_changed)) return;
  const button = element("button", { type: "button", id: "draw-draft", textContent: shown.tiles ? texts.draw_again : texts.draw });
  button.addEventListener("click", startDrawing);
  acts.append(" ", button);
}

async function startDrawing() {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  await fetch(address(given.addresses.draw, { draft: shown.id }), { method: "POST", headers: { "X-CSRFToken": token }, redirect: "manual" });
  open();
}

// ------------------------------------------------------------------------------------------------------- drawing

const stock = () => {
  const { colours, lower, no_value } = given;
  const step = ["step", ["get", "stock"], colours[0]];
  for (let nth = 1; nth < lower.length; nth += 1) step.push(lower[nth], colours[nth]);
  return ["case", ["==", ["get", "estimate"], 1], step, no_value];
};

function removeTiles() {
  for (const layer of TILE_LAYERS) if (map.getLayer(layer)) map.removeLayer(layer);
  if (map.getSource("draft")) map.removeSource("draft");
}

function draw() {
  if (!map.getSource("draft-changed")) addOthers();
  const tiles = shown.tiles ? [`${window.location.origin}${shown.tiles}`] : null;
  if (String(map.getSource("draft")?.tiles) === String(tiles)) return;
  removeTiles();
  if (!tiles) return;
  map.addSource("draft", { type: "vector", tiles, minzoom: 11, maxzoom: 13 });
  const part = { source: "draft", "source-layer": "sub_compartments" };
  const add = (layer) => map.addLayer({ ...part, ...layer }, CHANGED_LAYERS[0]);
  add({ id: "draft-fill", type: "fill", paint: { "fill-color": stock() } });
  add({ id: "draft-hatch", type: "fill", paint: { "fill-pattern": "draft-hatch" } });
  add({ id: "draft-line", type: "line", paint: { "line-color": given.hatch, "line-width": 0.8, "line-dasharray": [3, 1.5] } });
  add({ id: "draft-word", type: "symbol", minzoom: 12.5, ...word() });
}

const word = () => ({
  layout: { "text-field": given.texts.draft, "text-font": ["sans-serif"], "text-size": 11, "text-padding": 24 },
  paint: { "text-color": given.hatch, "text-halo-color": "#ffffff", "text-halo-width": 1.5 },
});

function addOthers() {
  map.addImage("draft-hatch", stripes(`${given.hatch}55`, "slanting"), { pixelRatio: 2 });
  map.addSource("draft-changed", { type: "geojson", data: NOTHING });
  map.addLayer({ id: CHANGED_LAYERS[0], type: "fill", source: "draft-changed", paint: { "fill-color": "#ffffff" } });
  map.addLayer({ id: CHANGED_LAYERS[1], type: "line", source: "draft-changed", paint: { "line-color": given.hatch, "line-width": 2.5 } });
  map.addLayer({ id: "draft-changed-word", type: "symbol", source: "draft-changed", minzoom: 12.5, ...word() });
  addFindings(map, findingLooks(given.finding_colours));
}

let inView = null;

async function showInView() {
  inView?.abort();
  inView = new AbortController();
  const draft = shown.id;
  const bounds = map.getBounds();
  const bbox = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((at) => at.toFixed(6)).join(",");
  const options = { signal: inView.signal };
  const ask = (name, query) => asked(`${address(given.addresses[name], { draft })}?${new URLSearchParams({ bbox, ...query })}`, options);
  try {
    const [changed, found] = await Promise.all([
      ask("changed", { since: shown.since }),
      map.getZoom() >= FINDINGS_FROM ? ask("findings", {}) : NOTHING,
    ]);
    if (draft !== shown?.id) return;
    if (!changed || !found) { said.textContent = given.texts.failed; return; }
    showChanged(changed);
    map.getSource("found").setData(found);
    map.getSource("signs").setData({ type: "FeatureCollection", features: found.features.map(atItsPoint) });
    box.dataset.findings = String(found.features.length);
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

// Rows decided since are hidden in the tiles, wherever they lie, and drawn as they are now.
function showChanged({ rows, features, is_cut }) {
  const stays = ["!", ["in", ["id"], ["literal", rows]]];
  for (const layer of TILE_LAYERS.filter((id) => map.getLayer(id))) map.setFilter(layer, rows.length ? stays : null);
  map.getSource("draft-changed").setData({ type: "FeatureCollection", features });
  box.dataset.changed = rows.join(",");
  if (is_cut) said.append(element("p", { textContent: given.texts.cut }));
}

// -------------------------------------------------------------------------------------------------------- clicks

function tell({ point, lngLat }) {
  if (!shown) return;
  const around = [[point.x - 6, point.y - 6], [point.x + 6, point.y + 6]];
  const of = (layers, where) => map.queryRenderedFeatures(where, { layers: layers.filter((id) => map.getLayer(id)) });
  const signs = of(FINDING_KINDS.map((kind) => `sign-${kind}`), around).filter(({ properties }) => properties.row);
  const [found] = [...signs, ...of([CHANGED_LAYERS[0], "draft-fill"], point)];
  if (!found) return;
  const row = found.properties.row ?? found.id;
  const { texts, addresses } = given;
  const facts = found.properties.estimate === 1 ? [[texts.legend, found.properties.stock]] : [];
  const link = element("a", { href: address(addresses.row, { draft: shown.id, row }), textContent: filled(texts.open_row, { row }) });
  new maplibregl.Popup({ className: "draft-popup" }).setLngLat(lngLat)
    .setDOMContent(told(`${texts.draft} ${shown.id} · ${filled(texts.row, { row })}`, facts, link)).addTo(map);
}

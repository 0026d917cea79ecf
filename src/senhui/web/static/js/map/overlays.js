// Boundaries over the map: a switch for each kind, a hatch and a line of its own, and what a click tells of an outline.

import * as maplibregl from "../../vendor/maplibre-gl-6.17.0/maplibre-gl.mjs";

import { hatch, NOTHING } from "../map_signs.js";
import { boxes, element, swatch, told } from "./boxes.js";
import { address, filled } from "./given.js";
import { change, onChange, state } from "./state.js";

const box = document.getElementById("overlays-box");

boxes.then((given) => {
  if (given) offer(given.map, given.overlays);
});

function offer(map, { kinds, addresses, texts }) {
  const said = element("p", { className: "small", id: "overlays-said" });
  said.setAttribute("role", "status");
  box.append(element("fieldset", { className: "over-list" }, element("legend", { textContent: texts.title }),
    ...kinds.map((kind) => entry(kind, texts)), said,
    element("p", { className: "small" }, element("a", { href: addresses.list, textContent: texts.list }))));
  box.addEventListener("change", () => {
    change({ overlays: [...box.querySelectorAll(":checked")].map(({ value }) => value) });
  });
  const loaded = new Map();
  const show = () => {
    for (const kind of kinds) showKind(map, kind, { loaded, addresses, said, texts });
    sayTogether(kinds, addresses, said, texts);
  };
  onChange(["overlays"], show);
  map.on("click", (event) => tell(map, event, kinds, texts));
  show();
}

function entry({ id, title, colour, hatch: name, dash, overlays }, texts) {
  const input = element("input", { type: "checkbox", name: "overlay", value: id, disabled: !overlays.length });
  const note = overlays.length ? "" : ` (${texts.nothing})`;
  const isSample = overlays.some(({ is_sample }) => is_sample);
  return element("label", {}, input, swatch({ tint: colour, hatch: name, dash }),
    element("span", { textContent: `${title}${note}` }),
    ...(isSample ? [element("span", { className: "sample", textContent: texts.sample })] : []));
}

async function showKind(map, kind, { loaded, addresses, said, texts }) {
  const isOn = state.overlays.includes(kind.id) && kind.overlays.length > 0;
  box.querySelector(`[value=${kind.id}]`).checked = isOn;
  if (isOn && !loaded.has(kind.id)) {
    loaded.set(kind.id, true);
    addKind(map, kind);
    try {
      const answers = await Promise.all(kind.overlays.map(({ id }) => fetch(address(addresses.outlines, { id }))));
      if (!answers.every(({ ok }) => ok)) throw new Error();
      const parts = await Promise.all(answers.map((answer) => answer.json()));
      map.getSource(`over-${kind.id}`).setData({ type: "FeatureCollection", features: parts.flatMap(({ features }) => features) });
    } catch {
      loaded.delete(kind.id);
      removeKind(map, kind);
      said.textContent = texts.failed;
      return;
    }
  }
  if (!loaded.has(kind.id)) return;
  for (const layer of layersOf(kind)) map.setLayoutProperty(layer, "visibility", state.overlays.includes(kind.id) ? "visible" : "none");
  box.dataset.shown = state.overlays.join(",");
}

const layersOf = ({ id }) => [`over-${id}-fill`, `over-${id}-under`, `over-${id}-line`];

function addKind(map, { id, colour, hatch: name, dash }) {
  const source = `over-${id}`;
  map.addSource(source, { type: "geojson", data: NOTHING });
  if (!map.hasImage(source)) map.addImage(source, hatch(colour, name), { pixelRatio: 2 });
  const before = map.getLayer("county-names") ? "county-names" : undefined;
  map.addLayer({ id: `${source}-fill`, type: "fill", source, paint: { "fill-pattern": source } }, before);
  map.addLayer({ id: `${source}-under`, type: "line", source, paint: { "line-color": "#ffffff", "line-width": 4.5 } }, before);
  map.addLayer({ id: `${source}-line`, type: "line", source,
    paint: { "line-color": colour, "line-width": 2.2, "line-dasharray": dash } }, before);
}

function removeKind(map, kind) {
  for (const layer of layersOf(kind)) map.removeLayer(layer);
  map.removeSource(`over-${kind.id}`);
}

// Land under two of the boundaries counts once, so the server is asked and nothing is added up here.
let nthAsked = 0;

async function sayTogether(kinds, addresses, said, texts) {
  const nth = ++nthAsked;
  const ids = kinds.filter(({ id }) => state.overlays.includes(id)).flatMap(({ overlays }) => overlays.map(({ id }) => id));
  said.textContent = "";
  if (!ids.length) return;
  const answer = await fetch(`${addresses.union}?ids=${ids.join(",")}`);
  if (nth === nthAsked && answer.ok) said.textContent = filled(texts.together, { area: (await answer.json()).shown });
}

function tell(map, { point, lngLat }, kinds, texts) {
  const layers = kinds.map(({ id }) => `over-${id}-fill`).filter((id) => map.getLayer(id));
  const found = layers.length ? map.queryRenderedFeatures(point, { layers }) : [];
  if (!found.length) return;
  const seen = new Set();
  const parts = found.filter(({ id, properties }) => {
    const key = `${properties.overlay}-${id}`;
    return !seen.has(key) && seen.add(key);
  });
  const titles = new Map(kinds.map(({ id, title }) => [id, title]));
  new maplibregl.Popup({ maxWidth: "18rem" }).setLngLat(lngLat).setDOMContent(element("div", {}, ...parts.map(({ properties }) =>
    told(properties.name, [
      ["", `${titles.get(properties.kind)}${properties.of === properties.name ? "" : ` · ${properties.of}`}`],
      [texts.source, properties.source], [texts.year, properties.year], [texts.area, properties.area],
    ], ...(properties.is_sample ? [element("span", { className: "sample", textContent: texts.sample })] : []))))).addTo(map);
}

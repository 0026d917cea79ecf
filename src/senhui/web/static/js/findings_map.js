// The map of findings on the page of a draft: rows with errors and warnings, overlaps and gaps, on our own boundaries.
//
// What is wrong is told by pattern and shape as well as by colour: errors are hatched with a solid edge and a
// triangle, warnings are dotted with a dashed edge and a ring, gaps are striped with a square. Far off there are the
// signs alone. Only what lies in view is asked for; when there is more than the server gives, the page says so.

import * as maplibregl from "../vendor/maplibre-gl-6.17.0/maplibre-gl.mjs";

import { addFindings, atItsPoint, FINDING_KINDS as KINDS, findingLooks, NOTHING } from "./map_signs.js";

const given = JSON.parse(document.getElementById("findings-map-state").textContent);
const box = document.getElementById("findings-map");
const said = document.getElementById("findings-map-said");
const reason = document.getElementById("findings-map-reason");

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const looks = findingLooks(given.colours);

// -------------------------------------------------------------------------------------------------- map

function style() {
  const lines = (level, minzoom, width) => ({
    id: `${level}-line`, type: "line", source: level, minzoom,
    paint: { "line-color": colour("--ink"), "line-opacity": 0.6, "line-width": width },
  });
  return {
    version: 8,
    sources: {
      county: { type: "geojson", data: given.addresses.boundaries.replace("{level}", "county") },
      township: { type: "geojson", data: given.addresses.boundaries.replace("{level}", "township") },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": colour("--sunken") } },
      { id: "county-fill", type: "fill", source: "county", paint: { "fill-color": colour("--surface") } },
      lines("township", 8.5, 0.8),
      lines("county", 0, 1.6),
    ],
  };
}

let asked = null;

async function show(map) {
  asked?.abort();
  asked = new AbortController();
  const bounds = map.getBounds();
  const bbox = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((at) => at.toFixed(6));
  const query = new URLSearchParams({ bbox: bbox.join(",") });
  if (reason.value) query.set("reason", reason.value);
  try {
    const answer = await fetch(`${given.addresses.findings}?${query}`, { signal: asked.signal });
    if (!answer.ok) throw new Error(String(answer.status));
    const found = await answer.json();
    map.getSource("found").setData(found);
    map.getSource("signs").setData({ type: "FeatureCollection", features: found.features.map(atItsPoint) });
    said.textContent = found.said;
    box.dataset.shown = String(found.features.length);
    box.dataset.ready = "true";
  } catch (error) {
    if (error.name !== "AbortError") said.textContent = given.texts.not_loaded;
  }
}

function open(map, point) {
  const around = [[point.x - 6, point.y - 6], [point.x + 6, point.y + 6]];
  const layers = [...KINDS].reverse().flatMap((kind) => [`sign-${kind}`, `fill-${kind}`]).filter((id) => map.getLayer(id));
  const [found] = map.queryRenderedFeatures(around, { layers }).filter(({ properties }) => properties.row);
  if (found) window.location.assign(given.addresses.row.replace("{row}", found.properties.row));
}

function start() {
  const map = new maplibregl.Map({
    container: "findings-map",
    style: style(),
    bounds: given.bounds,
    fitBoundsOptions: { padding: 40, maxZoom: 15 },
    minZoom: 5,
    maxZoom: 19,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    cooperativeGestures: true,
    attributionControl: false,
    locale: {
      "NavigationControl.ZoomIn": given.texts.zoom_in,
      "NavigationControl.ZoomOut": given.texts.zoom_out,
      "Map.Title": given.texts.map,
      "CooperativeGesturesHandler.WindowsHelpText": given.texts.ctrl_to_zoom,
      "CooperativeGesturesHandler.MacHelpText": given.texts.cmd_to_zoom,
      "CooperativeGesturesHandler.MobileHelpText": given.texts.two_fingers,
    },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibregl.ScaleControl({ maxWidth: 110 }), "bottom-right");
  map.on("load", () => { addFindings(map, looks); show(map); });
  map.on("moveend", () => { if (map.getLayer("sign-error")) show(map); });
  map.on("click", ({ point }) => open(map, point));
  map.on("mousemove", ({ point }) => {
    const layers = KINDS.map((kind) => `sign-${kind}`).filter((id) => map.getLayer(id));
    map.getCanvas().style.cursor = layers.length && map.queryRenderedFeatures(point, { layers }).length ? "pointer" : "";
  });
  reason.addEventListener("change", () => show(map));
  // The table's choice of a reason is the map's too.
  document.body.addEventListener("htmx:afterSwap", () => {
    const chosen = new URLSearchParams(window.location.search).get("reason") ?? "";
    if (chosen === reason.value || ![...reason.options].some(({ value }) => value === chosen)) return;
    reason.value = chosen;
    show(map);
  });
}

try {
  start();
} catch (error) {
  said.textContent = given.texts.no_webgl;
  box.hidden = true;
}

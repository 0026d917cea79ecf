// The map of findings on the page of a draft: rows with errors and warnings, overlaps and gaps, on our own boundaries.
//
// What is wrong is told by pattern and shape as well as by colour: errors are hatched with a solid edge and a
// triangle, warnings are dotted with a dashed edge and a ring, gaps are striped with a square. Far off there are the
// signs alone. Only what lies in view is asked for; when there is more than the server gives, the page says so.

import * as maplibregl from "../vendor/maplibre-gl-6.17.0/maplibre-gl.mjs";

const given = JSON.parse(document.getElementById("findings-map-state").textContent);
const box = document.getElementById("findings-map");
const said = document.getElementById("findings-map-said");
const reason = document.getElementById("findings-map-reason");
const OUTLINES_FROM = 12;
const NOTHING = { type: "FeatureCollection", features: [] };
const KINDS = ["gap", "warning", "error"];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const isKind = (kind) => ["==", ["get", "kind"], kind];

// ------------------------------------------------------------------------------------------------ signs

// A square of paper on which `draw` puts a pattern or a sign.
function drawn(size, draw) {
  const paper = document.createElement("canvas");
  paper.width = size;
  paper.height = size;
  const pen = paper.getContext("2d");
  draw(pen, size);
  return pen.getImageData(0, 0, size, size);
}

const stripes = (tint, angle) => drawn(16, (pen, size) => {
  pen.strokeStyle = tint;
  pen.lineWidth = 3;
  pen.beginPath();
  if (angle === "level") for (const y of [4, 12]) { pen.moveTo(0, y); pen.lineTo(size, y); }
  else for (const at of [-size, 0, size]) { pen.moveTo(at, size); pen.lineTo(at + size, 0); }
  pen.stroke();
});

const dots = (tint) => drawn(16, (pen) => {
  pen.fillStyle = tint;
  for (const [x, y] of [[4, 4], [12, 12]]) { pen.beginPath(); pen.arc(x, y, 2.2, 0, 2 * Math.PI); pen.fill(); }
});

const sign = (tint, shape) => drawn(44, (pen, size) => {
  const middle = size / 2;
  pen.beginPath();
  if (shape === "triangle") { pen.moveTo(middle, 5); pen.lineTo(size - 5, size - 7); pen.lineTo(5, size - 7); pen.closePath(); }
  if (shape === "ring") pen.arc(middle, middle, 13, 0, 2 * Math.PI);
  if (shape === "square") pen.rect(9, 9, size - 18, size - 18);
  pen.lineJoin = "round";
  pen.lineCap = "round";
  pen.strokeStyle = "#ffffff";
  pen.lineWidth = 11;
  pen.stroke();
  pen.strokeStyle = tint;
  pen.fillStyle = tint;
  pen.lineWidth = 6;
  pen.stroke();
  if (shape === "triangle" || shape === "square") pen.fill();
});

const LOOKS = {
  error: { tint: given.colours.error, shape: "triangle", pattern: (tint) => stripes(tint, "slanting"), dash: [1, 0], width: 2.5 },
  warning: { tint: given.colours.warning, shape: "ring", pattern: dots, dash: [3, 2], width: 1.8 },
  gap: { tint: given.colours.gap, shape: "square", pattern: (tint) => stripes(tint, "level"), dash: [1, 1.5], width: 2 },
};

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
      found: { type: "geojson", data: NOTHING },
      signs: { type: "geojson", data: NOTHING },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": colour("--sunken") } },
      { id: "county-fill", type: "fill", source: "county", paint: { "fill-color": colour("--surface") } },
      lines("township", 8.5, 0.8),
      lines("county", 0, 1.6),
    ],
  };
}

function addFindings(map) {
  for (const kind of KINDS) {
    const { tint, shape, pattern, dash, width } = LOOKS[kind];
    map.addImage(`sign-${kind}`, sign(tint, shape), { pixelRatio: 2 });
    map.addImage(`pattern-${kind}`, pattern(tint), { pixelRatio: 2 });
    map.addLayer({ id: `fill-${kind}`, type: "fill", source: "found", minzoom: OUTLINES_FROM, filter: isKind(kind),
      paint: { "fill-pattern": `pattern-${kind}` } });
    map.addLayer({ id: `edge-${kind}`, type: "line", source: "found", minzoom: OUTLINES_FROM, filter: isKind(kind),
      paint: { "line-color": tint, "line-width": width, "line-dasharray": dash } });
  }
  for (const kind of KINDS) {
    map.addLayer({ id: `sign-${kind}`, type: "symbol", source: "signs", filter: isKind(kind),
      layout: { "icon-image": `sign-${kind}`, "icon-allow-overlap": true, "symbol-z-order": "source" } });
  }
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

const atItsPoint = ({ properties }) => ({
  type: "Feature",
  properties,
  geometry: { type: "Point", coordinates: [properties.lon, properties.lat] },
});

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
  map.on("load", () => { addFindings(map); show(map); });
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

// The map itself: counties when far, townships nearer, sub-compartments when close and permitted.

import * as maplibregl from "../../vendor/maplibre-gl-6.17.0/maplibre-gl.mjs";

import { address, given, narrow, texts } from "./given.js";
import { say } from "./panel.js";
import { change, onChange, state } from "./state.js";
import { isChosenPlace, isChosenStand, LEVELS, standColour, STANDS_FROM, standTiles, style } from "./style.js";

// Room for what lies over the map: the controls above, the legend at the left or, on a phone, the sheet below.
const margin = narrow ? { top: 110, bottom: 64, left: 16, right: 16 } : { top: 70, bottom: 24, left: 24, right: 24 };
const boxes = new Map();

// null where the browser cannot draw; the rest of the page works without.
export let map = null;

// The map once it is drawn for the first time, or null where the browser cannot draw. What is not needed for the first
// picture waits for it.
let isReady;
export const ready = new Promise((resolve) => { isReady = resolve; });

export function start() {
  try {
    map = drawn();
  } catch {
    document.getElementById("map").textContent = texts.no_webgl;
    isReady(null);
    return;
  }
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibregl.ScaleControl({ maxWidth: 110 }), "bottom-right");
  map.on("load", async () => {
    await Promise.all(LEVELS.map(({ level }) => placeNames(level)));
    await colourPlaces();
    if (!state.view) await flyToChosen();
    document.getElementById("map").dataset.ready = "true";
    isReady(map);
  });
  map.on("moveend", () => {
    const { lng, lat } = map.getCenter();
    change({ view: { zoom: map.getZoom(), center: [lng, lat] } });
    sayLevel();
  });
  map.on("click", choose);
  for (const layer of ["county-fill", "township-fill", ...(given.stands ? ["stands-fill"] : [])]) {
    map.on("mouseenter", layer, () => { map.getCanvas().style.cursor = "pointer"; });
    map.on("mouseleave", layer, () => { map.getCanvas().style.cursor = ""; });
  }
  let told = false;
  map.on("error", (event) => {
    if (told || event.error?.status === 403) return;
    told = true;
    say(texts.tile_error);
  });
  sayLevel();
  onChange(["place", "row"], showChosen);
  onChange(["release"], showRelease);
  onChange(["measure", "per"], showMeasure);
  onChange(["view"], followLink);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => window.location.reload());
}

function drawn() {
  return new maplibregl.Map({
    container: "map",
    style: style(),
    ...(state.view ?? { bounds: given.style.bounds, fitBoundsOptions: { padding: margin } }),
    minZoom: 6,
    maxZoom: 17,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    localIdeographFontFamily: "'Noto Sans SC', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif",
    attributionControl: false,
    locale: { "NavigationControl.ZoomIn": texts.zoom_in, "NavigationControl.ZoomOut": texts.zoom_out, "Map.Title": texts.map },
  });
}

// Names stand once per place, at the point that the server gives, and not once per tile.
async function placeNames(level) {
  const answer = await fetch(address(given.addresses.labels, { level }));
  const labels = await answer.json();
  for (const { code, bbox } of labels) boxes.set(code, bbox);
  map.getSource(`${level}-names`).setData({
    type: "FeatureCollection",
    features: labels.map(({ name, point }) => ({
      type: "Feature",
      properties: { name },
      geometry: { type: "Point", coordinates: point },
    })),
  });
}

async function colourPlaces() {
  const { release, measure, per } = state;
  await Promise.all(LEVELS.map(async ({ level }) => {
    const answer = await fetch(`${address(given.addresses.choropleth, { release, level })}?measure=${measure}&per=${per}`);
    const { values } = await answer.json();
    map.removeFeatureState({ source: level });
    for (const [code, density] of Object.entries(values)) map.setFeatureState({ source: level, id: code }, { density });
  }));
}

function sayLevel() {
  const zoom = map.getZoom();
  const { levels } = given.style;
  const name = given.stands && zoom >= STANDS_FROM ? "stand" : zoom >= LEVELS[0].maxzoom ? "township" : "county";
  document.getElementById("legend-level").textContent = levels[state.per][name];
}

function choose({ point }) {
  const layers = ["stands-fill", "township-fill", "county-fill"].filter((id) => map.getLayer(id));
  const [found] = map.queryRenderedFeatures(point, { layers });
  if (!found) return;
  if (found.layer.id === "stands-fill") change({ row: String(found.id - 1) });
  else change({ place: found.properties.code, row: null });
}

function showChosen({ fly }) {
  for (const part of ["", "under"]) {
    for (const { level } of LEVELS) map.setFilter(`${level}-chosen${part}`, isChosenPlace());
    if (given.stands) map.setFilter(`stands-chosen${part}`, isChosenStand());
  }
  if (fly) flyToChosen();
}

// A link that names a thing but no view leads to the thing.
function followLink({ isLink }) {
  if (!isLink) return;
  if (state.view) map.jumpTo(state.view);
  else flyToChosen();
}

async function flyToChosen() {
  if (state.row !== null) {
    const { release, row } = state;
    const answer = await fetch(address(given.addresses.stand, { release, row }));
    // Meanwhile somebody may have chosen something else.
    if (answer.ok && row === state.row) map.fitBounds((await answer.json()).bbox, { padding: margin, maxZoom: 15 });
    return;
  }
  const box = state.place === given.city ? given.style.bounds : boxes.get(state.place);
  if (box) map.fitBounds(box, { padding: margin, maxZoom: 13 });
}

function showRelease() {
  if (given.stands) map.getSource("stands").setTiles(standTiles());
  colourPlaces();
}

function showMeasure() {
  sayLevel();
  if (given.stands) map.setPaintProperty("stands-fill", "fill-color", standColour());
  colourPlaces();
}

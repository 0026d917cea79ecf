// The map itself: counties when far, townships nearer, sub-compartments when close and permitted.

import * as maplibregl from "../../vendor/maplibre-gl-6.17.0/maplibre-gl.mjs";

import { address, given, narrow, texts } from "./given.js";
import { say } from "./panel.js";
import { change, onChange, state } from "./state.js";
import * as style from "./style.js";

// Room for what lies over the map: the controls above and, on a phone, the legend below.
const margin = narrow ? { top: 110, bottom: 64, left: 16, right: 16 } : { top: 70, bottom: 24, left: 24, right: 24 };
const boxes = new Map();
const { LEVELS } = style;

// null where the browser cannot draw; the rest of the page works without.
export let map = null;

// The map once it is drawn for the first time, or null where the browser cannot draw. What is not needed for the first
// picture waits for it.
let isReady;
export const ready = new Promise((resolve) => { isReady = resolve; });

const asked = async (where) => (await fetch(where)).json();
const outlines = (level) => asked(address(given.addresses.boundaries, { level }));

export async function start() {
  // Asked for before the library starts its work; most of the first picture is this.
  const counties = outlines("county");
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
    map.getSource("county").setData(await counties);
    await colourPlaces();
    map.once("idle", sayDrawn);
    await Promise.all([
      outlines("township").then((townships) => map.getSource("township").setData(townships)),
      ...LEVELS.map(placeNames),
    ]);
    if (!state.view) await flyToChosen();
    document.getElementById("map").dataset.ready = "true";
    isReady(map);
  });
  listen();
}

// From here on somebody sees the map; benchmarks/first_paint.py reads it.
function sayDrawn() {
  window.performance.mark("map-drawn");
  document.getElementById("map").dataset.drawn = "true";
}

function listen() {
  map.on("moveend", () => {
    const { lng, lat } = map.getCenter();
    change({ view: { zoom: map.getZoom(), center: [lng, lat] } });
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
  onChange(["place", "row"], showChosen);
  onChange(["release", "before", "layer", "measure", "per"], showColours);
  onChange(["where", "shape"], showSelection);
  onChange(["view"], followLink);
  showSelection();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => window.location.reload());
}

function drawn() {
  return new maplibregl.Map({
    container: "map",
    style: style.style(),
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
  const labels = await asked(address(given.addresses.labels, { level }));
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

let nthColours = 0;

async function colourPlaces() {
  const nth = ++nthColours;
  await Promise.all(LEVELS.map(async (level) => {
    const answer = await fetch(style.coloursOf(level));
    const values = answer.ok ? (await answer.json()).values : {};
    if (nth !== nthColours) return; // meanwhile something else was chosen
    map.removeFeatureState({ source: level });
    for (const [code, value] of Object.entries(values)) map.setFeatureState({ source: level, id: code }, { value });
    if (!answer.ok) say(texts.tile_error);
  }));
}

function showColours() {
  for (const level of LEVELS) {
    map.setLayerZoomRange(`${level}-fill`, ...style.zoomsOf(level));
    map.setPaintProperty(`${level}-fill`, "fill-color", style.placeColour(level));
  }
  if (given.stands) {
    const visibility = style.drawsStands() ? "visible" : "none";
    for (const layer of ["stands-fill", "stands-line"]) map.setLayoutProperty(layer, "visibility", visibility);
    const tiles = style.standTiles();
    if (String(map.getSource("stands").tiles) !== String(tiles)) map.getSource("stands").setTiles(tiles);
    map.setPaintProperty("stands-fill", "fill-color", style.standColour());
  }
  colourPlaces();
}

// What the filters leave out is dimmed, stand by stand; what lies outside a shape is covered.
function showSelection() {
  if (given.stands && map.getLayer("stands-fill")) map.setPaintProperty("stands-fill", "fill-opacity", style.standOpacity());
  if (state.shape === null || Array.isArray(state.shape)) dimOutside(state.shape && [[...state.shape, state.shape[0]]]);
}

// Covers everything outside the rings; null covers nothing. Who knows an outline that was handed in calls it.
export function dimOutside(rings) {
  map?.getSource("outside")?.setData(rings ? style.outsideOf(rings) : style.NOTHING);
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
    for (const level of LEVELS) map.setFilter(`${level}-chosen${part}`, style.isChosenPlace());
    if (given.stands) map.setFilter(`stands-chosen${part}`, style.isChosenStand());
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

export const flyTo = (box) => map?.fitBounds(box, { padding: margin, maxZoom: 13 });

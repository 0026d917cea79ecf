// The one map: counties when far, townships nearer, sub-compartments when close and permitted.
//
// There is one state (view, release, measure, ratio, and what is selected); it lives in the address after "#", so that
// a link restores exactly what somebody saw, in either language. The panel is HTML from the server: its words,
// units and numbers are not this file's business. Nothing here asks another host.

import * as maplibregl from "../vendor/maplibre-gl-6.17.0/maplibre-gl.mjs";

const given = JSON.parse(document.getElementById("map-state").textContent);
const texts = given.texts;
const LEVELS = [
  { level: "county", minzoom: 0, maxzoom: 9.2 },
  { level: "township", minzoom: 9.2, maxzoom: given.stands ? 11.5 : 24 },
];
const STANDS_FROM = 11.5;
const narrow = window.matchMedia("(max-width: 48rem)").matches;
const dark = window.matchMedia("(prefers-color-scheme: dark)");

// ------------------------------------------------------------------------------------------------ state

const state = readAddress();

function readAddress() {
  const read = new URLSearchParams(window.location.hash.slice(1));
  const release = read.get("release");
  return {
    view: readView(read.get("map")),
    release: given.releases.includes(release) ? release : given.releases[0],
    measure: read.get("measure") === "measured" ? "measured" : "calibrated",
    per: read.get("per") === "land" ? "land" : "forest",
    place: /^\d{4,12}$/.test(read.get("place") ?? "") ? read.get("place") : given.city,
    row: /^\d+$/.test(read.get("row") ?? "") ? read.get("row") : null,
  };
}

function readView(text) {
  const [zoom, lat, lon] = (text ?? "").split("/").map(Number);
  const fits = [zoom, lat, lon].every(Number.isFinite) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
  return fits ? { zoom, center: [lon, lat] } : null;
}

function writeAddress() {
  const centre = map.getCenter();
  const parts = [
    `map=${map.getZoom().toFixed(2)}/${centre.lat.toFixed(5)}/${centre.lng.toFixed(5)}`,
    `release=${state.release}`,
    `measure=${state.measure}`,
    `per=${state.per}`,
    state.row === null ? `place=${state.place}` : `row=${state.row}`,
  ];
  window.history.replaceState(null, "", `#${parts.join("&")}`);
}

function address(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? encodeURIComponent(values[name]) : whole));
}

// ------------------------------------------------------------------------------------------------ panel

const panel = document.getElementById("panel-body");
let panelRequest = null;

async function showPanel() {
  panelRequest?.abort();
  panelRequest = new AbortController();
  const query = new URLSearchParams({ release: state.release, measure: state.measure, per: state.per });
  if (state.row === null) query.set("place", state.place);
  else query.set("row", state.row);
  try {
    const answer = await fetch(`${given.addresses.panel}?${query}`, {
      signal: panelRequest.signal,
      headers: { "HX-Request": "true" },
    });
    panel.innerHTML = await answer.text();
    panel.parentElement.scrollTop = 0;
  } catch (error) {
    if (error.name !== "AbortError") say(texts.panel_error);
  }
}

function say(text) {
  const note = document.createElement("p");
  note.className = "note warn";
  note.setAttribute("role", "alert");
  note.textContent = text;
  panel.prepend(note);
}

panel.addEventListener("click", (event) => {
  const link = event.target.closest("[data-place], [data-row]");
  if (!link) return;
  event.preventDefault();
  if (link.dataset.place) selectPlace(link.dataset.place, { fly: true });
  else selectRow(link.dataset.row, { fly: true });
});

const sheet = document.getElementById("sheet");
sheet.addEventListener("click", () => {
  const raised = document.getElementById("panel").classList.toggle("raised");
  sheet.setAttribute("aria-expanded", String(raised));
});

// -------------------------------------------------------------------------------------------------- map

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// A step function over the classes of the legend; what has no number keeps the legend's last colour.
function ramp(value) {
  const { steps, no_value } = given.style;
  const step = ["step", ["to-number", value], steps[0].colour];
  for (const { lower, colour: fill } of steps.slice(1)) step.push(lower, fill);
  return ["case", ["==", value, null], no_value, step];
}

const standColour = () =>
  ["case", ["==", ["get", "estimate"], 1], ramp(["get", given.style.stands[state.measure]]), given.style.no_value];

// What is chosen has a dark line within a light one: it stands out from every colour of the legend.
function chosenLayers(id, source, filter) {
  return [["under", "#ffffff", 7], ["", "#b3003c", 3.5]].map(([part, tint, width]) => ({
    id: `${id}-chosen${part}`, type: "line", ...source, filter, layout: { "line-join": "round" },
    paint: { "line-color": tint, "line-width": width },
  }));
}

const isChosenPlace = () => ["==", ["get", "code"], state.row === null ? state.place : ""];
const isChosenStand = () => ["==", ["id"], state.row === null ? -1 : Number(state.row) + 1];

function style() {
  const sources = {};
  const layers = [{ id: "ground", type: "background", paint: { "background-color": colour("--sunken") } }];
  for (const { level, minzoom, maxzoom } of LEVELS) {
    sources[level] = { type: "geojson", data: address(given.addresses.boundaries, { level }), promoteId: "code" };
    layers.push({
      id: `${level}-fill`, type: "fill", source: level, minzoom, maxzoom,
      paint: { "fill-color": ramp(["feature-state", "density"]), "fill-opacity": 0.92 },
    });
  }
  if (given.stands) {
    sources.stands = standsSource();
    layers.push(
      {
        id: "stands-fill", type: "fill", source: "stands", "source-layer": "sub_compartments", minzoom: STANDS_FROM,
        paint: { "fill-color": standColour() },
      },
      {
        id: "stands-line", type: "line", source: "stands", "source-layer": "sub_compartments", minzoom: STANDS_FROM,
        paint: { "line-color": colour("--ink"), "line-opacity": 0.35, "line-width": ["interpolate", ["linear"], ["zoom"], 11, 0.2, 15, 1] },
      },
    );
  }
  layers.push(
    { id: "township-line", type: "line", source: "township", minzoom: 8.5,
      paint: { "line-color": colour("--ink"), "line-opacity": 0.5, "line-width": ["interpolate", ["linear"], ["zoom"], 9, 0.4, 13, 1.4] } },
    { id: "county-line", type: "line", source: "county",
      paint: { "line-color": colour("--ink"), "line-opacity": 0.85, "line-width": ["interpolate", ["linear"], ["zoom"], 7, 0.8, 12, 2.2] } },
    ...["township", "county"].flatMap((level) => chosenLayers(level, { source: level }, isChosenPlace())),
  );
  if (given.stands) {
    const source = { source: "stands", "source-layer": "sub_compartments", minzoom: 11 };
    layers.push(...chosenLayers("stands", source, isChosenStand()));
  }
  for (const { level, minzoom, maxzoom } of LEVELS) {
    sources[`${level}-names`] = { type: "geojson", data: { type: "FeatureCollection", features: [] } };
    layers.push({
      id: `${level}-names`, type: "symbol", source: `${level}-names`, minzoom, maxzoom: level === "township" ? 13.5 : maxzoom,
      layout: { "text-field": ["get", "name"], "text-font": ["sans-serif"], "text-size": level === "county" ? 14 : 12, "text-padding": 4 },
      paint: { "text-color": "#101512", "text-halo-color": "rgba(255,255,255,0.9)", "text-halo-width": 1.6 },
    });
  }
  return { version: 8, sources, layers };
}

function standsSource() {
  const tiles = given.addresses.tiles.replace("{release}", state.release);
  return { type: "vector", tiles: [`${window.location.origin}${tiles}`], minzoom: 11, maxzoom: 13 };
}

// Room for what lies over the map: the controls above, the legend at the left or, on a phone, the sheet below.
const margin = narrow ? { top: 110, bottom: 64, left: 16, right: 16 } : { top: 70, bottom: 24, left: 250, right: 24 };
const boxes = new Map();
let map = null;

function start() {
  map = new maplibregl.Map({
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
  map.touchZoomRotate.disableRotation();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibregl.ScaleControl({ maxWidth: 110 }), "bottom-right");
  map.on("load", async () => {
    await Promise.all(LEVELS.map(({ level }) => placeNames(level)));
    await showMeasure();
    if (!state.view) await flyToChosen();
    document.getElementById("map").dataset.ready = "true";
  });
  map.on("moveend", () => { writeAddress(); sayLevel(); });
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
  await Promise.all(LEVELS.map(async ({ level }) => {
    const answer = await fetch(`${address(given.addresses.choropleth, { release: state.release, level })}?measure=${state.measure}&per=${state.per}`);
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
  if (found.layer.id === "stands-fill") selectRow(String(found.id - 1), { fly: false });
  else selectPlace(found.properties.code, { fly: false });
}

function selectPlace(code, { fly }) {
  Object.assign(state, { place: code, row: null });
  select(fly);
}

function selectRow(row, { fly }) {
  state.row = row;
  select(fly);
}

function select(fly) {
  showChosen();
  if (!map) return;
  if (fly) flyToChosen();
  writeAddress();
}

// A link that names a thing but no view leads to the thing.
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

function showChosen() {
  showPanel();
  if (!map) return;
  for (const part of ["", "under"]) {
    for (const { level } of LEVELS) map.setFilter(`${level}-chosen${part}`, isChosenPlace());
    if (given.stands) map.setFilter(`stands-chosen${part}`, isChosenStand());
  }
}

// Names the measure in the legend and colours every level by it.
async function showMeasure() {
  document.getElementById("legend-measure").textContent = measure.selectedOptions[0].textContent;
  if (!map) return;
  sayLevel();
  if (given.stands) map.setPaintProperty("stands-fill", "fill-color", standColour());
  await colourPlaces();
}

// -------------------------------------------------------------------------------- release and measure

const release = document.getElementById("release");
const measure = document.getElementById("measure");
const ratio = document.getElementById("ratio");
showState();

function showState() {
  release.value = state.release;
  measure.value = state.measure;
  ratio.querySelector(`[value=${state.per}]`).checked = true;
  nameMeasures();
}

// A release without calibration shows its measured stock and does not call it calibrated.
function nameMeasures() {
  const isCalibrated = !given.not_calibrated.includes(state.release);
  measure.querySelector("[value=calibrated]").textContent = isCalibrated ? texts.calibrated : texts.not_calibrated;
  document.getElementById("legend-measure").textContent = measure.selectedOptions[0].textContent;
}

release.addEventListener("change", async () => {
  state.release = release.value;
  nameMeasures();
  // A row is a position in one release; in another it would be another stand.
  state.row = null;
  showChosen();
  if (!map) return;
  if (given.stands) map.getSource("stands").setTiles(standsSource().tiles);
  writeAddress();
  await colourPlaces();
});

measure.addEventListener("change", async () => {
  state.measure = measure.value;
  showPanel();
  if (map) writeAddress();
  await showMeasure();
});

// What a hectare of a place is: of its forest land, or of all its land. A sub-compartment has only its own.
ratio.addEventListener("change", async () => {
  state.per = ratio.querySelector(":checked").value;
  showPanel();
  if (map) writeAddress();
  await showMeasure();
});

// A link to another view of this page, typed or pasted, only changes what follows "#".
window.addEventListener("hashchange", () => {
  const previous = state.release;
  Object.assign(state, readAddress());
  showState();
  if (map && given.stands && previous !== state.release) map.getSource("stands").setTiles(standsSource().tiles);
  showChosen();
  showMeasure();
  if (map && state.view) map.jumpTo(state.view);
  else if (map) flyToChosen();
});

// ------------------------------------------------------------------------------------------------ paper

// The sheet shows what the screen shows, at the size of the sheet while legend and scale keep theirs. What WebGL
// has drawn is gone a moment later, so the drawing is copied.
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
  document.getElementById("imprint-place").textContent = document.getElementById("panel-title")?.textContent ?? "";
  document.getElementById("imprint-release").textContent =
    `${release.selectedOptions[0].textContent} · ${texts.data_version} ${state.release}`;
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

// ----------------------------------------------------------------------------------------------- search

const search = document.getElementById("search");
const found = document.getElementById("found");
let searchRequest = null;
let waiting = 0;
let marked = -1;

search.addEventListener("input", () => {
  window.clearTimeout(waiting);
  waiting = window.setTimeout(find, 180);
});

async function find() {
  const text = search.value.trim();
  searchRequest?.abort();
  if (!text) { closeFound(); return; }
  searchRequest = new AbortController();
  try {
    const query = new URLSearchParams({ q: text, release: state.release });
    const answer = await fetch(`${given.addresses.places}?${query}`, { signal: searchRequest.signal });
    showFound((await answer.json()).found);
  } catch (error) {
    if (error.name !== "AbortError") say(texts.panel_error);
  }
}

function showFound(entries) {
  marked = -1;
  found.replaceChildren(...entries.map((entry, index) => {
    const option = document.createElement("li");
    option.setAttribute("role", "option");
    option.id = `found-${index}`;
    const name = span(entry.name);
    if (/\p{Script=Han}/u.test(entry.name)) name.lang = "zh";
    option.append(name, span(`${texts[entry.kind]} ${entry.kind === "sub_compartment" ? "" : entry.code}`, "soft small"));
    option.addEventListener("mousedown", (event) => { event.preventDefault(); take(entry); });
    option.entry = entry;
    return option;
  }));
  if (!entries.length) {
    const nothing = document.createElement("li");
    nothing.className = "nothing";
    nothing.textContent = texts.nothing;
    found.append(nothing);
  }
  found.hidden = false;
  search.setAttribute("aria-expanded", "true");
}

function span(text, className = "") {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}

function closeFound() {
  found.hidden = true;
  search.setAttribute("aria-expanded", "false");
  search.removeAttribute("aria-activedescendant");
}

function take(entry) {
  search.value = entry.name;
  closeFound();
  if (entry.kind === "sub_compartment") {
    selectRow(String(entry.row), { fly: true });
  } else {
    selectPlace(entry.kind === "village" ? entry.code.slice(0, 9) : entry.code, { fly: true });
  }
}

search.addEventListener("keydown", (event) => {
  const options = [...found.querySelectorAll('[role="option"]')];
  if (event.key === "Escape") closeFound();
  if (event.key === "Enter" && options.length && !found.hidden) {
    event.preventDefault();
    take(options[Math.max(marked, 0)].entry);
  }
  if (!["ArrowDown", "ArrowUp"].includes(event.key) || !options.length) return;
  event.preventDefault();
  marked = (marked + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length;
  options.forEach((option, index) => option.setAttribute("aria-selected", String(index === marked)));
  options[marked].scrollIntoView({ block: "nearest" });
  search.setAttribute("aria-activedescendant", options[marked].id);
});
search.addEventListener("blur", closeFound);

// ------------------------------------------------------------------------------------------------ begin

if (narrow) legend.open = false;
showPanel();
try {
  start();
  dark.addEventListener("change", () => window.location.reload());
} catch (error) {
  map = null;
  document.getElementById("map").textContent = texts.no_webgl;
}

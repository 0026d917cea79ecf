// Selecting an area: a box or a polygon drawn on the map, corners that are typed, or a boundary that is handed in. While
// something is drawn, clicks belong to the drawing and not to the map; dragging and zooming still move the map, except
// for the box. The shape goes into the state; what lies in it is the server's answer.

import { areaHa, boxOf } from "./outline.js";
import { filled, given } from "./given.js";
import { dimOutside, ready } from "./ground.js";
import { change, MOST_POINTS, onChange, state } from "./state.js";
import { buildCorners, buildUpload, wrongOf } from "./draw_dialogs.js";
import { element, withUnit } from "./writing.js";

const { addresses, texts } = given.selection;
const box = document.getElementById("draw-box");
const SLOP_PX = 12; // a finger is not a pencil

let map = null;
let drawing = null; // { kind: "box" | "polygon", corners, pointer }

const button = (text, act, properties = {}) => {
  const made = element("button", { type: "button", textContent: text, ...properties });
  made.addEventListener("click", act);
  return made;
};

const tools = {
  box: button(texts.box, () => begin("box"), { attributes: { "aria-pressed": "false" } }),
  polygon: button(texts.polygon, () => begin("polygon"), { attributes: { "aria-pressed": "false" } }),
};
const remove = button(texts.remove_shape, () => { change({ shape: null }); summary.focus(); });
const summary = element("summary", { textContent: texts.select });
const menu = element("details", { className: "draw-menu" }, summary, element("div", { className: "draw-tools" },
  tools.box, tools.polygon,
  button(texts.type_corners, () => { menu.open = false; corners.open(typeof state.shape === "string" ? [] : state.shape ?? []); }),
  button(texts.upload, () => { menu.open = false; upload.open(); }),
  remove));

const said = element("p", { attributes: { role: "status" } });
const done = button(texts.done, () => finish());
const undo = button(texts.undo, () => takeBack());
const bar = element("div", { className: "draw-bar", hidden: true, attributes: { role: "group", "aria-label": texts.select_area } },
  said, element("div", { className: "draw-tools" }, done, undo, button(texts.cancel, () => cancel())));

const take = (shape) => change({ shape });
const corners = buildCorners({ take, back: () => summary.focus() });
const upload = buildUpload({ take, back: () => summary.focus() });

// What is drawn lies above everything else of the map: dark within light, so that it stands out from every colour.
function addLayers() {
  map.addSource("drawn", { type: "geojson", data: features() });
  map.addLayer({ id: "drawn-fill", type: "fill", source: "drawn", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": "#1b4fd0", "fill-opacity": 0.08 } });
  map.addLayer({ id: "drawn-under", type: "line", source: "drawn", paint: { "line-color": "#ffffff", "line-width": 5 } });
  map.addLayer({ id: "drawn-line", type: "line", source: "drawn", paint: { "line-color": "#1b4fd0", "line-width": 2.5, "line-dasharray": [3, 1.5] } });
  map.addLayer({
    id: "drawn-corners", type: "circle", source: "drawn", filter: ["==", ["geometry-type"], "Point"],
    paint: { "circle-radius": 5, "circle-color": "#ffffff", "circle-stroke-color": "#1b4fd0", "circle-stroke-width": 2.5 },
  });
}

function features() {
  const isDrawn = drawing !== null;
  const outline = isDrawn ? shown() : Array.isArray(state.shape) ? state.shape : [];
  const made = (geometry) => ({ type: "Feature", properties: {}, geometry });
  const line = outline.length > 1 ? [made(outline.length > 2
    ? { type: "Polygon", coordinates: [[...outline, outline[0]]] }
    : { type: "LineString", coordinates: outline })] : [];
  const points = isDrawn && drawing.kind === "polygon" ? drawing.corners.map((at) => made({ type: "Point", coordinates: at })) : [];
  return { type: "FeatureCollection", features: [...line, ...points] };
}

// The corners so far, with the pointer as the next one.
function shown() {
  const { kind, corners: set, pointer } = drawing;
  if (kind === "box") return set.length && pointer ? boxOf(set[0], pointer) : [];
  return pointer && set.length ? [...set, pointer] : set;
}

function show(text = "") {
  map?.getSource("drawn")?.setData(features());
  remove.hidden = state.shape === null;
  bar.hidden = drawing === null;
  document.body.classList.toggle("is-drawing", drawing !== null);
  for (const [kind, tool] of Object.entries(tools)) tool.setAttribute("aria-pressed", String(drawing?.kind === kind));
  if (!drawing) return;
  const isBox = drawing.kind === "box";
  done.hidden = undo.hidden = isBox;
  done.disabled = drawing.corners.length < 3;
  undo.disabled = !drawing.corners.length;
  const area = shown().length > 2 ? `${withUnit(areaHa(shown()), "area_ha")} · ` : "";
  said.textContent = `${area}${text || (isBox ? texts.box_help : texts.polygon_help)}`;
}

// An outline that was handed in lies with the server; a file may hold several polygons.
async function showBoundary({ isLink }) {
  const asked = state.shape;
  if (!map || typeof asked !== "string") return;
  const answer = await fetch(`${addresses.boundaries}${asked.slice(1)}/`).catch(() => null);
  if (!answer?.ok || asked !== state.shape) return;
  const { geometry, properties } = await answer.json();
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  dimOutside(polygons.map(([outer]) => outer));
  if (!isLink) map.fitBounds(properties.bbox, { padding: 40 });
}

function begin(kind) {
  if (!map) return;
  drawing = { kind, corners: [], pointer: null };
  menu.open = false;
  map.getCanvas().classList.add("drawing");
  map.doubleClickZoom.disable();
  map.getCanvas().focus();
  show();
}

function cancel() {
  drawing = null;
  map.getCanvas().classList.remove("drawing");
  map.doubleClickZoom.enable();
  show();
}

function finish() {
  const outline = drawing.kind === "box" ? shown() : drawing.corners;
  const wrong = wrongOf(outline);
  if (wrong) { show(wrong); return; }
  cancel();
  change({ shape: outline.map((corner) => corner.map((degrees) => Number(degrees.toFixed(5)))) });
}

function takeBack() {
  drawing.corners.pop();
  drawing.pointer = null;
  show();
}

const place = ({ clientX, clientY }) => {
  const { left, top } = map.getContainer().getBoundingClientRect();
  return [clientX - left, clientY - top];
};
const at = (event) => map.unproject(place(event)).toArray();

function isNear(event, corner) {
  const { x, y } = map.project(corner);
  const [px, py] = place(event);
  return Math.hypot(px - x, py - y) < SLOP_PX;
}

function addCorner(event) {
  const set = drawing.corners;
  if (set.length >= 3 && isNear(event, set[0])) { finish(); return; }
  // The second click of a double-click is the same corner.
  if (set.length && isNear(event, set.at(-1))) return;
  if (set.length === MOST_POINTS) { show(filled(texts.too_many, { most: MOST_POINTS })); return; }
  set.push(at(event));
  drawing.pointer = null;
  show();
}

// The map must not hear what belongs to the drawing: these listeners stand before its own.
function listen() {
  const ground = map.getCanvasContainer().parentElement;
  const early = (names, react) => {
    for (const name of names) ground.addEventListener(name, react, { capture: true, passive: false });
  };
  const isOnMap = ({ target }) => drawing && map.getCanvasContainer().contains(target);
  const stop = (event) => { event.stopPropagation(); event.preventDefault(); };
  early(["click", "dblclick"], (event) => {
    if (!isOnMap(event)) return;
    stop(event);
    if (drawing.kind !== "polygon") return;
    if (event.type === "dblclick") finish();
    else addCorner(event);
  });
  // Of a box the whole gesture belongs to the drawing.
  early(["mousedown", "touchstart"], (event) => { if (isOnMap(event) && drawing.kind === "box") stop(event); });
  early(["pointerdown"], (event) => {
    if (!isOnMap(event) || drawing.kind !== "box" || !event.isPrimary) return;
    drawing.corners = [at(event)];
    ground.setPointerCapture(event.pointerId);
  });
  early(["pointermove"], (event) => {
    if (!drawing || !event.isPrimary || (!drawing.corners.length)) return;
    if (drawing.kind === "polygon" && event.pointerType === "touch") return;
    drawing.pointer = at(event);
    show();
  });
  early(["pointerup"], (event) => {
    if (!drawing || drawing.kind !== "box" || !event.isPrimary || !drawing.corners.length) return;
    drawing.pointer = at(event);
    if (isNear(event, drawing.corners[0])) { drawing.corners = []; drawing.pointer = null; show(); } else finish();
  });
  early(["pointercancel"], () => { if (drawing?.kind === "box") { drawing.corners = []; show(); } });
  document.addEventListener("keydown", (event) => {
    if (!drawing || event.target.closest("input, textarea, select, dialog")) return;
    if (event.key === "Escape") cancel();
    else if (event.key === "Backspace" && drawing.kind === "polygon") takeBack();
    else if (event.key === "Enter" && drawing.kind === "polygon" && event.target.tagName !== "BUTTON") finish();
    else return;
    event.preventDefault();
  });
}

// A reader without a role for any land selects nothing.
if (given.stands) {
  box.append(menu);
  box.parentElement.after(bar);
  document.body.append(corners.dialog, upload.dialog);
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) { menu.open = false; summary.focus(); }
  });
  onChange(["shape"], ({ isLink }) => { show(); showBoundary({ isLink }); });
  show();
  ready.then((drawn) => {
    map = drawn;
    if (!map) { tools.box.hidden = tools.polygon.hidden = true; return; }
    addLayers();
    listen();
    showBoundary({ isLink: true });
  });
}

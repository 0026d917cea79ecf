// The one state of the page. It lives in the address after "#", so that a link restores exactly what somebody saw, in
// either language. Parts of the page change it by `change` and hear of changes by `onChange`; nobody else writes it.
//
//   view      { zoom, center: [lon, lat] } or null: where the map is
//   release   id of the data version
//   before    id of an earlier release: the map shows the difference; or null
//   layer     id of a layer of given.style.layers
//   measure   "calibrated" or "measured", and
//   per       "forest" or "land": of the layer density
//   place     code of the chosen place; row: position of the chosen sub-compartment in the release, or null
//   where     { dimension: [value, …] }, all values as text, null for not recorded
//   shape     null, [[lon, lat], …] drawn by hand, or "b7", an outline that was handed in
//   overlays  ids of what lies over the map
//   draft     id of the draft that is shown before its release, or null

import { given, years } from "./given.js";

export const DIMENSIONS = ["origin", "species_group", "age_group", "land_class", "method", "protection"];
export const MOST_POINTS = 100;
const NULL = "-"; // how a value that is not recorded is written in the address
const LAYERS = given.style.layers.map(({ id }) => id);

export const state = readAddress();

function readAddress() {
  const read = new URLSearchParams(window.location.hash.slice(1));
  const text = (key, form) => (form.test(read.get(key) ?? "") ? read.get(key) : null);
  const oneOf = (key, known) => (known.includes(read.get(key)) ? read.get(key) : known[0]);
  return consistent({
    view: readView(read.get("map")),
    release: oneOf("release", given.releases),
    before: given.releases.includes(read.get("before")) ? read.get("before") : null,
    layer: oneOf("layer", LAYERS),
    measure: oneOf("measure", ["calibrated", "measured"]),
    per: oneOf("per", ["forest", "land"]),
    place: text("place", /^\d{4,12}$/) ?? given.city,
    row: text("row", /^\d{1,18}$/),
    where: readWhere(read.getAll("where")),
    shape: readShape(read.get("shape")),
    overlays: [...new Set((read.get("overlays") ?? "").split(",").filter((id) => /^[\w-]+$/.test(id)))],
    draft: text("draft", /^\d{1,18}$/),
  });
}

// A difference needs two surveys in the order of time.
function consistent(values) {
  const isEarlier = values.before !== null && years.get(values.before) < years.get(values.release);
  return isEarlier ? values : { ...values, before: null };
}

function readView(text) {
  const [zoom, lat, lon] = (text ?? "").split("/").map(Number);
  return text && isPoint([lon, lat]) && Number.isFinite(zoom) ? { zoom, center: [lon, lat] } : null;
}

function isPoint([lon, lat]) {
  return Number.isFinite(lon) && Number.isFinite(lat) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
}

function readWhere(parts) {
  const where = {};
  for (const part of parts) {
    const [dimension, list] = part.split(":");
    const values = (list ?? "").split(",").filter((value) => /^(\w+|-)$/.test(value));
    if (!DIMENSIONS.includes(dimension) || !values.length) continue;
    where[dimension] = [...new Set(values)].map((value) => (value === NULL ? null : value));
  }
  return where;
}

function readShape(text) {
  if (/^b\d{1,18}$/.test(text ?? "")) return text;
  const corners = (text ?? "").split(";").map((corner) => corner.split(",").map(Number));
  const isOutline = corners.length >= 3 && corners.length <= MOST_POINTS;
  return isOutline && corners.every((corner) => corner.length === 2 && isPoint(corner)) ? corners : null;
}

// What filters the answers, as the server reads it: where=origin:planted,-&shape=119.10000,28.10000;…
export function selectionQuery({ where, shape } = state) {
  const parts = Object.entries(where)
    .filter(([, values]) => values.length)
    .map(([dimension, values]) => `where=${dimension}:${values.map((value) => value ?? NULL).join(",")}`);
  if (shape !== null) parts.push(`shape=${typeof shape === "string" ? shape : shape.map(written).join(";")}`);
  return parts.join("&");
}

const written = (corner) => corner.map((degrees) => degrees.toFixed(5)).join(",");

function addressOf(values) {
  const { view, release, before, layer, measure, per, place, row, overlays, draft } = values;
  const selection = selectionQuery(values);
  const parts = [
    ...(view ? [`map=${view.zoom.toFixed(2)}/${view.center[1].toFixed(5)}/${view.center[0].toFixed(5)}`] : []),
    `release=${release}`,
    ...(before ? [`before=${before}`] : []),
    ...(layer === LAYERS[0] ? [] : [`layer=${layer}`]),
    `measure=${measure}`,
    `per=${per}`,
    row === null ? `place=${place}` : `row=${row}`,
    ...(selection ? [selection] : []),
    ...(overlays.length ? [`overlays=${overlays.join(",")}`] : []),
    ...(draft ? [`draft=${draft}`] : []),
  ];
  return `#${parts.join("&")}`;
}

const listeners = [];

// Calls `react({ changed, fly, isLink })` after any of the keys has changed, in the order of registration. Whoever flies
// to what is chosen already is heard too.
export function onChange(keys, react) {
  listeners.push({ keys, react });
}

// Changes parts of the state. `fly` asks the map to go to what is chosen.
export function change(patch, { fly = false, isLink = false } = {}) {
  const next = consistent({ ...state, ...patch });
  const changed = new Set(Object.keys(next).filter((key) => JSON.stringify(next[key]) !== JSON.stringify(state[key])));
  Object.assign(state, next);
  if (!isLink) window.history.replaceState(null, "", addressOf(state));
  for (const { keys, react } of listeners) {
    if (keys.some((key) => changed.has(key) || (fly && key in patch))) react({ changed, fly, isLink });
  }
}

// A link to another view of this page, typed or pasted, only changes what follows "#".
window.addEventListener("hashchange", () => change(readAddress(), { isLink: true }));

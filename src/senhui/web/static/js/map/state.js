// The one state of the page. It lives in the address after "#", so that a link restores exactly what somebody saw, in
// either language. Parts of the page change it by `change` and hear of changes by `onChange`; nobody else writes it.

import { given } from "./given.js";

export const state = readAddress();

function readAddress() {
  const read = new URLSearchParams(window.location.hash.slice(1));
  const release = read.get("release");
  const isRow = /^\d+$/.test(read.get("row") ?? "");
  return {
    view: readView(read.get("map")),
    release: given.releases.includes(release) ? release : given.releases[0],
    measure: read.get("measure") === "measured" ? "measured" : "calibrated",
    per: read.get("per") === "land" ? "land" : "forest",
    place: /^\d{4,12}$/.test(read.get("place") ?? "") ? read.get("place") : given.city,
    row: isRow ? read.get("row") : null,
  };
}

function readView(text) {
  const [zoom, lat, lon] = (text ?? "").split("/").map(Number);
  const fits = [zoom, lat, lon].every(Number.isFinite) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
  return text && fits ? { zoom, center: [lon, lat] } : null;
}

function addressOf({ view, release, measure, per, place, row }) {
  const parts = [
    ...(view ? [`map=${view.zoom.toFixed(2)}/${view.center[1].toFixed(5)}/${view.center[0].toFixed(5)}`] : []),
    `release=${release}`,
    `measure=${measure}`,
    `per=${per}`,
    row === null ? `place=${place}` : `row=${row}`,
  ];
  return `#${parts.join("&")}`;
}

const listeners = [];

// Calls `react({ changed, fly, isLink })` after any of the keys has changed, in the order of registration.
export function onChange(keys, react) {
  listeners.push({ keys, react });
}

// Changes parts of the state. `fly` asks the map to go to what is chosen.
export function change(patch, { fly = false, isLink = false } = {}) {
  const differs = (key) => JSON.stringify(patch[key]) !== JSON.stringify(state[key]);
  const changed = new Set(Object.keys(patch).filter(differs));
  Object.assign(state, patch);
  if (!isLink) window.history.replaceState(null, "", addressOf(state));
  for (const { keys, react } of listeners) {
    if (fly || keys.some((key) => changed.has(key))) react({ changed, fly, isLink });
  }
}

// A link to another view of this page, typed or pasted, only changes what follows "#".
window.addEventListener("hashchange", () => change(readAddress(), { isLink: true }));

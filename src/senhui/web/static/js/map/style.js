// What the map draws and in which colours. Colours and steps come from the server; here they become MapLibre's words.

import { address, given } from "./given.js";
import { state } from "./state.js";

export const LEVELS = [
  { level: "county", minzoom: 0, maxzoom: 9.2 },
  { level: "township", minzoom: 9.2, maxzoom: given.stands ? 11.5 : 24 },
];
export const STANDS_FROM = 11.5;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// A step function over the classes of the legend; what has no number keeps the legend's last colour.
function ramp(value) {
  const { steps, no_value } = given.style;
  const step = ["step", ["to-number", value], steps[0].colour];
  for (const { lower, colour: fill } of steps.slice(1)) step.push(lower, fill);
  return ["case", ["==", value, null], no_value, step];
}

export const standColour = () =>
  ["case", ["==", ["get", "estimate"], 1], ramp(["get", given.style.stands[state.measure]]), given.style.no_value];

// What is chosen has a dark line within a light one: it stands out from every colour of the legend.
function chosenLayers(id, source, filter) {
  return [["under", "#ffffff", 7], ["", "#b3003c", 3.5]].map(([part, tint, width]) => ({
    id: `${id}-chosen${part}`, type: "line", ...source, filter, layout: { "line-join": "round" },
    paint: { "line-color": tint, "line-width": width },
  }));
}

export const isChosenPlace = () => ["==", ["get", "code"], state.row === null ? state.place : ""];
export const isChosenStand = () => ["==", ["id"], state.row === null ? -1 : Number(state.row) + 1];

export function standTiles() {
  const tiles = given.addresses.tiles.replace("{release}", state.release);
  return [`${window.location.origin}${tiles}`];
}

export function style() {
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
    sources.stands = { type: "vector", tiles: standTiles(), minzoom: 11, maxzoom: 13 };
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

// What the map draws and in which colours. Colours, steps and kinds come from the server; here they become MapLibre's
// words.

import { address, given, texts } from "./given.js";
import { state } from "./state.js";

export const STANDS_FROM = 11.5;
const TOWNSHIPS_FROM = 9.2;
const ALWAYS = 24;
const DIM = 0.12;
const CHANGE_COLOURS = "/api/v1/changes/{change}/choropleth/{level}";

const layers = new Map(given.style.layers.map((layer) => [layer.id, layer]));
const comparisons = given.changes ?? [];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// The comparison whose numbers the map shows: of the two surveys chosen, or for a layer of change this survey's newest.
export function comparison() {
  const isShown = ({ before, after }) => after === state.release && (state.before === null || before === state.before);
  return state.before !== null || isOfChange(state.layer) ? comparisons.find(isShown) ?? null : null;
}

// The layers to choose from: all, or in a difference those that tell of change.
export const isOfChange = (id) => layers.get(id).source === "changes";

function wanted() {
  if (state.before === null) return layers.get(state.layer);
  return layers.get(isOfChange(state.layer) ? state.layer : "removal");
}

// Whether single stands are drawn when close: they need a role, and a change needs tiles of its own.
export const drawsStands = () => given.stands && (!isOfChange(wanted().id) || Boolean(comparison()?.has_tiles));

export function levelAt(zoom) {
  if (zoom >= STANDS_FROM && drawsStands()) return "stand";
  return zoom >= TOWNSHIPS_FROM ? "township" : "county";
}

// The layer drawn at a level, and why it is another one than was chosen.
export function shownAt(level) {
  const layer = wanted();
  if (isOfChange(layer.id) && comparison() === null) return { layer: layers.get("density"), why: texts.no_comparison };
  if (layer.levels.includes(level)) return { layer, why: "" };
  const instead = layers.get(state.before === null ? "density" : "removal");
  if (level === "stand") return { layer: instead, why: "" };
  return { layer: instead, why: given.stands ? texts.zoom_in_for_stands : texts.needs_role };
}

// A step function over the classes of the legend.
function ramp(value, { steps }) {
  const step = ["step", ["to-number", value], steps[0].colour];
  for (const { lower, colour: fill } of steps.slice(1)) step.push(lower, fill);
  return step;
}

// What has no number keeps the legend's last colour.
function rampOrNone(value, layer) {
  return ["case", ["==", value, null], layer.no_value, ramp(value, layer)];
}

export const placeColour = (level) => rampOrNone(["feature-state", "value"], shownAt(level).layer);

export function standColour() {
  const { layer } = shownAt("stand");
  const value = ["get", state.measure === "measured" ? layer.value_measured : layer.value];
  if (layer.kinds.length) {
    const kinds = layer.kinds.filter(({ numbers }) => numbers.length);
    return ["match", value, ...kinds.flatMap(({ numbers, colour: fill }) => [numbers, fill]), layer.no_value];
  }
  const hasValue = layer.none === null ? ["==", ["get", "estimate"], 1] : ["!=", value, layer.none];
  // The tiles hold whole numbers: so many to the unit, and losses below the number that stands for zero.
  const amount = ["/", ["-", value, layer.zero], layer.per_unit];
  return ["case", hasValue, ramp(layer.per_unit === 1 ? value : amount, layer), layer.no_value];
}

// Which stands obey the filters; all others are dimmed.
function obeys() {
  const tests = Object.entries(state.where).filter(([, values]) => values.length).map(([dimension, values]) => {
    const attribute = given.style.dimensions[dimension];
    return ["in", ["get", attribute.value], ["literal", values.map((value) => numberOf(value, attribute))]];
  });
  return ["all", ...tests];
}

// The number by which the tiles tell a value; the entry null stands at the end of its list or, without one, is 0.
function numberOf(value, { values }) {
  if (values === null) return Number(value ?? 0);
  const position = values.indexOf(value);
  return position >= 0 ? position : values.length;
}

const filters = () => Object.values(state.where).some((values) => values.length);
export const isFiltered = () => filters() || state.shape !== null;
export const standOpacity = () => (filters() ? ["case", obeys(), 1, DIM] : 1);

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
  const isChange = isOfChange(shownAt("stand").layer.id);
  const tiles = given.addresses.tiles.replace("{release}", isChange ? `change-${comparison().id}` : state.release);
  return [`${window.location.origin}${tiles}`];
}

// From which to which zoom the places of a level are filled.
export function zoomsOf(level) {
  if (level === "county") return [0, TOWNSHIPS_FROM];
  return [TOWNSHIPS_FROM, drawsStands() ? STANDS_FROM : ALWAYS];
}

export const LEVELS = ["county", "township"];
export const NOTHING = { type: "FeatureCollection", features: [] };

// Outlines come when they are there: the library starts up meanwhile.
export function style() {
  const sources = {};
  const drawn = [{ id: "ground", type: "background", paint: { "background-color": colour("--sunken") } }];
  for (const level of LEVELS) {
    const [minzoom, maxzoom] = zoomsOf(level);
    sources[level] = { type: "geojson", data: NOTHING, promoteId: "code" };
    drawn.push({
      id: `${level}-fill`, type: "fill", source: level, minzoom, maxzoom,
      paint: { "fill-color": placeColour(level), "fill-opacity": 0.92 },
    });
  }
  if (given.stands) {
    const stands = { source: "stands", "source-layer": "sub_compartments", minzoom: STANDS_FROM };
    const layout = { visibility: drawsStands() ? "visible" : "none" };
    sources.stands = { type: "vector", tiles: standTiles(), minzoom: 11, maxzoom: 13 };
    drawn.push(
      { id: "stands-fill", type: "fill", ...stands, layout, paint: { "fill-color": standColour(), "fill-opacity": standOpacity() } },
      {
        id: "stands-line", type: "line", ...stands, layout,
        paint: { "line-color": colour("--ink"), "line-opacity": 0.35, "line-width": ["interpolate", ["linear"], ["zoom"], 11, 0.2, 15, 1] },
      },
    );
  }
  sources.outside = { type: "geojson", data: NOTHING };
  drawn.push(
    { id: "outside", type: "fill", source: "outside", paint: { "fill-color": colour("--sunken"), "fill-opacity": 0.72 } },
    { id: "township-line", type: "line", source: "township", minzoom: 8.5,
      paint: { "line-color": colour("--ink"), "line-opacity": 0.5, "line-width": ["interpolate", ["linear"], ["zoom"], 9, 0.4, 13, 1.4] } },
    { id: "county-line", type: "line", source: "county",
      paint: { "line-color": colour("--ink"), "line-opacity": 0.85, "line-width": ["interpolate", ["linear"], ["zoom"], 7, 0.8, 12, 2.2] } },
    ...["township", "county"].flatMap((level) => chosenLayers(level, { source: level }, isChosenPlace())),
  );
  if (given.stands) {
    const source = { source: "stands", "source-layer": "sub_compartments", minzoom: 11 };
    drawn.push(...chosenLayers("stands", source, isChosenStand()));
  }
  for (const level of LEVELS) {
    sources[`${level}-names`] = { type: "geojson", data: NOTHING };
    drawn.push({
      id: `${level}-names`, type: "symbol", source: `${level}-names`,
      minzoom: level === "township" ? TOWNSHIPS_FROM : 0, maxzoom: level === "township" ? 13.5 : TOWNSHIPS_FROM,
      layout: { "text-field": ["get", "name"], "text-font": ["sans-serif"], "text-size": level === "county" ? 14 : 12, "text-padding": 4 },
      paint: { "text-color": "#101512", "text-halo-color": "rgba(255,255,255,0.9)", "text-halo-width": 1.6 },
    });
  }
  return { version: 8, sources, layers: drawn };
}

// All land but what lies within the rings, as a polygon with holes.
export function outsideOf(rings) {
  const world = [[-180, -85], [180, -85], [180, 85], [-180, 85], [-180, -85]];
  return { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [world, ...rings] } };
}

// The address of the colours of a level of places.
export function coloursOf(level) {
  const { layer } = shownAt(level);
  const { release, measure, per } = state;
  if (isOfChange(layer.id)) return `${address(CHANGE_COLOURS, { change: comparison().id, level })}?basis=${measure}`;
  const layerAsked = layer.id === "density" ? "" : `&layer=${layer.id}`;
  return `${address(given.addresses.choropleth, { release, level })}?measure=${measure}&per=${per}${layerAsked}`;
}

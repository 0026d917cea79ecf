// What the boxes of boundaries, base map and drafts need, asked for once the map is drawn; and how they are built.

import { ready } from "./ground.js";

// { map, base_map, overlays, drafts }, or null where the browser cannot draw or the server does not answer.
export const boxes = ready.then(async (map) => {
  if (map === null) return null;
  try {
    const answer = await fetch("/map/boxes/");
    return answer.ok ? { map, ...(await answer.json()) } : null;
  } catch {
    return null;
  }
});

// An element with its properties and children: element("p", { className: "small" }, "text", other).
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

// A small square of a legend: a ground, a hatch as lines or dots, and an edge.
export function swatch({ ground = "none", tint, hatch = "", dash = [] }) {
  const make = (name, attributes) => {
    const part = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
    return part;
  };
  const svg = make("svg", { width: 26, height: 16, viewBox: "0 0 26 16", "aria-hidden": "true" });
  svg.append(make("rect", { x: 1, y: 1, width: 24, height: 14, fill: ground, stroke: tint, "stroke-width": 2, "stroke-dasharray": dash.map((length) => length * 2).join(" ") }));
  const line = (x1, y1, x2, y2) => make("line", { x1, y1, x2, y2, stroke: tint, "stroke-width": 1.2 });
  const slants = [5, 12, 19];
  if (hatch === "slanting" || hatch === "crossed") svg.append(...slants.map((at) => line(at - 3, 14, at + 7, 2)));
  if (hatch === "back" || hatch === "crossed") svg.append(...slants.map((at) => line(at - 3, 2, at + 7, 14)));
  if (hatch === "level") svg.append(...[5, 11].map((at) => line(2, at, 24, at)));
  if (hatch === "upright") svg.append(...[6, 13, 20].map((at) => line(at, 2, at, 14)));
  if (hatch === "dots") svg.append(...[6, 13, 20].map((at) => make("circle", { cx: at, cy: 8, r: 1.8, fill: tint })));
  return svg;
}

// Lines of "label: value" for what a click tells.
export const told = (title, facts, ...more) =>
  element("div", { className: "told" }, element("strong", { textContent: title }),
    element("dl", {}, ...facts.flatMap(([label, value]) => [element("dt", { textContent: label }), element("dd", { textContent: value })])),
    ...more);

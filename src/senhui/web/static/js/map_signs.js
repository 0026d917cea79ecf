// Patterns and signs that maps draw with: what tells kinds apart without their colour.

// A square of paper on which `draw` puts a pattern or a sign.
export function drawn(size, draw) {
  const paper = document.createElement("canvas");
  paper.width = size;
  paper.height = size;
  const pen = paper.getContext("2d");
  draw(pen, size);
  return pen.getImageData(0, 0, size, size);
}

export const stripes = (tint, angle) => drawn(16, (pen, size) => {
  pen.strokeStyle = tint;
  pen.lineWidth = 3;
  pen.beginPath();
  if (angle === "level") for (const y of [4, 12]) { pen.moveTo(0, y); pen.lineTo(size, y); }
  else if (angle === "upright") for (const x of [4, 12]) { pen.moveTo(x, 0); pen.lineTo(x, size); }
  else if (angle === "back") for (const at of [-size, 0, size]) { pen.moveTo(at, 0); pen.lineTo(at + size, size); }
  else for (const at of [-size, 0, size]) { pen.moveTo(at, size); pen.lineTo(at + size, 0); }
  pen.stroke();
});

export const dots = (tint) => drawn(16, (pen) => {
  pen.fillStyle = tint;
  for (const [x, y] of [[4, 4], [12, 12]]) { pen.beginPath(); pen.arc(x, y, 2.2, 0, 2 * Math.PI); pen.fill(); }
});

export const sign = (tint, shape) => drawn(44, (pen, size) => {
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

// Two slanting lines across each other.
export const crossed = (tint) => drawn(16, (pen, size) => {
  pen.strokeStyle = tint;
  pen.lineWidth = 1.6;
  pen.beginPath();
  for (const at of [-size, 0, size]) { pen.moveTo(at, size); pen.lineTo(at + size, 0); pen.moveTo(at, 0); pen.lineTo(at + size, size); }
  pen.stroke();
});

export const hatch = (tint, name) => (name === "dots" ? dots(tint) : name === "crossed" ? crossed(tint) : stripes(tint, name));

// ------------------------------------------------------------------------------------- findings of a draft

export const NOTHING = { type: "FeatureCollection", features: [] };
export const FINDING_KINDS = ["gap", "warning", "error"];
const OUTLINES_FROM = 12;
const isKind = (kind) => ["==", ["get", "kind"], kind];

// What is wrong is told by pattern and shape as well as by colour.
export const findingLooks = (colours) => ({
  error: { tint: colours.error, shape: "triangle", pattern: (tint) => stripes(tint, "slanting"), dash: [1, 0], width: 2.5 },
  warning: { tint: colours.warning, shape: "ring", pattern: dots, dash: [3, 2], width: 1.8 },
  gap: { tint: colours.gap, shape: "square", pattern: (tint) => stripes(tint, "level"), dash: [1, 1.5], width: 2 },
});

// Adds the sources `found` (outlines) and `signs` (points) with their layers, empty.
export function addFindings(map, looks) {
  for (const source of ["found", "signs"]) map.addSource(source, { type: "geojson", data: NOTHING });
  for (const kind of FINDING_KINDS) {
    const { tint, shape, pattern, dash, width } = looks[kind];
    map.addImage(`sign-${kind}`, sign(tint, shape), { pixelRatio: 2 });
    map.addImage(`pattern-${kind}`, pattern(tint), { pixelRatio: 2 });
    map.addLayer({ id: `fill-${kind}`, type: "fill", source: "found", minzoom: OUTLINES_FROM, filter: isKind(kind),
      paint: { "fill-pattern": `pattern-${kind}` } });
    map.addLayer({ id: `edge-${kind}`, type: "line", source: "found", minzoom: OUTLINES_FROM, filter: isKind(kind),
      paint: { "line-color": tint, "line-width": width, "line-dasharray": dash } });
  }
  for (const kind of FINDING_KINDS) {
    map.addLayer({ id: `sign-${kind}`, type: "symbol", source: "signs", filter: isKind(kind),
      layout: { "icon-image": `sign-${kind}`, "icon-allow-overlap": true, "symbol-z-order": "source" } });
  }
}

export const atItsPoint = ({ properties }) => ({
  type: "Feature",
  properties,
  geometry: { type: "Point", coordinates: [properties.lon, properties.lat] },
});

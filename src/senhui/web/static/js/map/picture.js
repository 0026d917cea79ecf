// The map as it is seen, as a picture: the drawing between a title and a foot with legend, scale, data version and the
// note on sample data or map review number, so that the picture says by itself what it shows.

import { map } from "./ground.js";
import { panelTitle } from "./panel.js";

const FONT = "'Noto Sans SC', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif";
const MARGIN = 16;
const LINE = 22;
const INK = "#1c2420";
const SOFT = "#55605a";

// Resolves to a PNG, or null where the browser gives none. Sizes are those of the screen; the pixels are the device's.
export function drawnPicture({ release, without }) {
  map.redraw(); // what WebGL has drawn is gone a moment later, so it is copied in the same turn
  const drawn = map.getCanvas();
  const { width, height } = drawn.getBoundingClientRect();
  const ratio = drawn.width / width;
  const paper = document.createElement("canvas");
  const pen = paper.getContext("2d");
  pen.font = `14px ${FONT}`;
  const classes = legendClasses();
  const rows = legendRows(pen, classes, width);
  const head = 56;
  const foot = MARGIN + (rows.length + 2) * LINE + MARGIN;
  Object.assign(paper, { width: Math.round(width * ratio), height: Math.round((head + height + foot) * ratio) });
  pen.scale(ratio, ratio);
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, width, head + height + foot);
  pen.drawImage(drawn, 0, head, width, height);
  pen.textBaseline = "middle";
  write(pen, [legendTitle(), panelTitle()].filter(Boolean).join(" · "), MARGIN, head / 2, { font: `600 18px ${FONT}`, most: width - 2 * MARGIN });
  let y = head + height + MARGIN + LINE / 2;
  for (const row of rows) {
    for (const { x, colour, label } of row) {
      pen.fillStyle = colour;
      pen.fillRect(x, y - 6, 22, 12);
      pen.strokeStyle = "#999999";
      pen.strokeRect(x + 0.5, y - 5.5, 21, 11);
      write(pen, label, x + 28, y, {});
    }
    y += LINE;
  }
  drawScale(pen, MARGIN, y);
  const note = document.querySelector(".map-note")?.textContent.trim() || without;
  write(pen, note, width - MARGIN, y, { font: `600 14px ${FONT}`, align: "right", most: width / 2 });
  write(pen, release, MARGIN, y + LINE, { colour: SOFT, most: width - 2 * MARGIN });
  return new Promise((resolve) => { paper.toBlob(resolve, "image/png"); });
}

function write(pen, text, x, y, { font = `14px ${FONT}`, colour = INK, align = "left", most }) {
  Object.assign(pen, { font, fillStyle: colour, textAlign: align });
  if (most) pen.fillText(text, x, y, most);
  else pen.fillText(text, x, y);
}

const legendTitle = () => document.querySelector("#legend summary").textContent.replace(/\s+/g, " ").trim();

function legendClasses() {
  return [...document.querySelectorAll("#legend li")].map((entry) => ({
    colour: entry.querySelector("rect").getAttribute("fill"),
    label: entry.querySelector("span").textContent,
  }));
}

// Classes side by side, as many in a row as fit.
function legendRows(pen, classes, width) {
  const rows = [[]];
  let x = MARGIN;
  for (const { colour, label } of classes) {
    const room = 28 + pen.measureText(label).width + 18;
    if (x + room > width - MARGIN && rows.at(-1).length) {
      rows.push([]);
      x = MARGIN;
    }
    rows.at(-1).push({ x, colour, label });
    x += room;
  }
  return rows;
}

// The scale bar of the screen, at its own length.
function drawScale(pen, x, y) {
  const scale = document.querySelector(".maplibregl-ctrl-scale");
  if (!scale) return;
  const { width } = scale.getBoundingClientRect();
  Object.assign(pen, { strokeStyle: INK, lineWidth: 1.5 });
  pen.beginPath();
  pen.moveTo(x, y - 4);
  pen.lineTo(x, y + 4);
  pen.lineTo(x + width, y + 4);
  pen.lineTo(x + width, y - 4);
  pen.stroke();
  pen.lineWidth = 1;
  write(pen, scale.textContent, x + width + 8, y, {});
}

// Two ways to a shape without a pointer: corners that are typed, and a boundary that is handed in as a file.

import { areaHa, crossesItself } from "./outline.js";
import { filled, given } from "./given.js";
import { MOST_POINTS } from "./state.js";
import { element, withUnit } from "./writing.js";

const { addresses, texts } = given.selection;

function dialogOf(id, title, { back }, ...parts) {
  const wrong = element("p", { className: "wrong-text", attributes: { role: "alert" } });
  const cancel = element("button", { type: "button", textContent: texts.cancel });
  const form = element("form", { method: "dialog" }, element("h2", { id: `${id}-title`, textContent: title }), ...parts, wrong);
  const dialog = element("dialog", { id, className: "draw-dialog", attributes: { "aria-labelledby": `${id}-title` } }, form);
  cancel.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", back);
  return { dialog, form, wrong, cancel };
}

// Reads corners, one per line; of a line that is no corner, says which.
export function readCorners(text) {
  const lines = text.split("\n").map((line) => line.trim());
  const corners = [];
  for (const [nth, line] of lines.entries()) {
    if (!line) continue;
    const [lon, lat, ...rest] = line.split(/[,，;\s]+/).map(Number);
    const fits = Number.isFinite(lon) && Number.isFinite(lat) && !rest.length && Math.abs(lon) <= 180 && Math.abs(lat) <= 90;
    if (!fits) return { wrong: filled(texts.corners_wrong, { line: nth + 1, text: line }) };
    corners.push([lon, lat]);
  }
  const wrong = wrongOf(corners);
  return wrong ? { wrong } : { corners };
}

// Why corners are no outline, in words; nothing where they are one.
export function wrongOf(corners) {
  if (corners.length > 3 && crossesItself(corners)) return texts.corners_crossing;
  const isOutline = corners.length >= 3 && corners.length <= MOST_POINTS && areaHa(corners) > 0;
  return isOutline ? "" : filled(texts.corners_few, { most: MOST_POINTS, n: corners.length });
}

export function buildCorners({ take, back }) {
  const input = element("textarea", { id: "corners-input", rows: 8, spellcheck: false, attributes: { "aria-describedby": "corners-area" } });
  const area = element("p", { id: "corners-area", className: "soft small" });
  const { dialog, form, wrong, cancel } = dialogOf("corners", texts.type_corners, { back },
    element("label", { htmlFor: input.id, textContent: texts.corners }), input, area);
  form.append(element("div", { className: "actions" }, element("button", { className: "first", textContent: texts.take }), cancel));
  input.addEventListener("input", () => {
    const { corners } = readCorners(input.value);
    area.textContent = corners ? withUnit(areaHa(corners), "area_ha") : "";
  });
  form.addEventListener("submit", (event) => {
    const { corners, wrong: why } = readCorners(input.value);
    wrong.textContent = why ?? "";
    input.setAttribute("aria-invalid", String(Boolean(why)));
    if (why) { event.preventDefault(); input.focus(); } else take(corners);
  });
  return {
    dialog,
    open(corners) {
      wrong.textContent = "";
      input.value = corners.map((corner) => corner.join(",")).join("\n");
      input.dispatchEvent(new Event("input"));
      dialog.showModal();
      input.focus();
    },
  };
}

export function buildUpload({ take, back }) {
  const input = element("input", { id: "boundary-file", type: "file", name: "file", required: true, accept: ".gpkg,.zip,.geojson,.json,.kml" });
  const { dialog, form, wrong, cancel } = dialogOf("upload", texts.upload, { back },
    element("label", { htmlFor: input.id, textContent: texts.boundary_file }), input);
  const send = element("button", { className: "first", textContent: texts.upload_take });
  form.append(element("div", { className: "actions" }, send, cancel));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    wrong.textContent = "";
    try {
      take(`b${await handIn(form)}`);
      dialog.close();
    } catch (error) {
      wrong.textContent = filled(texts.boundary_refused, { what: error.message });
    }
    send.disabled = false;
  });
  return { dialog, open() { form.reset(); wrong.textContent = ""; dialog.showModal(); } };
}

async function handIn(form) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const answer = await fetch(addresses.boundaries, {
    method: "POST", body: new FormData(form), headers: { "X-CSRFToken": token, Accept: "application/json" },
  }).catch(() => { throw new Error(texts.no_connection); });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(`${told.what ?? answer.status} ${told.now ?? ""}`.trim());
  return told.id;
}

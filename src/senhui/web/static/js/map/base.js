// The ground under the map: our own boundaries, or a base map where the installation has configured one. Nothing of it
// is asked for before somebody switches it on, and one that fails leaves the map as it was.

import { boxes, element } from "./boxes.js";

const FILLS = ["county-fill", "township-fill", "stands-fill"];
const THROUGH = 0.55; // how much of the colours stays when there is ground to be seen under them

boxes.then((given) => {
  if (given?.base_map) offer(given.map, given.base_map);
});

function offer(map, { tiles, attribution, texts }) {
  const said = element("p", { className: "small", id: "base-said" });
  said.setAttribute("role", "status");
  const choice = (value, label) => {
    const input = element("input", { type: "radio", name: "base", value, checked: value === "own" });
    return element("label", {}, input, ` ${label}`);
  };
  const list = element("fieldset", { className: "over-list", id: "base-box" },
    element("legend", { textContent: texts.title }), choice("own", texts.own), choice("base", attribution), said);
  document.getElementById("overlays-box").before(list);
  list.addEventListener("change", () => {
    delete list.dataset.failed;
    const isOn = list.querySelector(":checked").value === "base";
    if (isOn) add(map, tiles, attribution); else remove(map, tiles);
    for (const layer of FILLS.filter((id) => map.getLayer(id))) show(map, layer, isOn);
    said.textContent = isOn ? attribution : "";
  });
  map.on("error", ({ sourceId }) => {
    if (!sourceId?.startsWith("base-")) return;
    said.textContent = texts.failed;
    list.dataset.failed = "true";
  });
}

function add(map, tiles, attribution) {
  const over = map.getStyle().layers.find(({ type }) => type !== "background")?.id;
  tiles.forEach((address, nth) => {
    map.addSource(`base-${nth}`, { type: "raster", tiles: [address], tileSize: 256, attribution, maxzoom: 18 });
    map.addLayer({ id: `base-${nth}`, type: "raster", source: `base-${nth}` }, over);
  });
}

function remove(map, tiles) {
  tiles.forEach((_, nth) => {
    if (map.getLayer(`base-${nth}`)) map.removeLayer(`base-${nth}`);
    if (map.getSource(`base-${nth}`)) map.removeSource(`base-${nth}`);
  });
}

const opaque = new Map();

// A fill keeps what else changes its opacity (a filter dims stands): it is put back when the ground goes.
function show(map, layer, isOn) {
  if (isOn) opaque.set(layer, map.getPaintProperty(layer, "fill-opacity"));
  map.setPaintProperty(layer, "fill-opacity", isOn ? THROUGH : opaque.get(layer));
}

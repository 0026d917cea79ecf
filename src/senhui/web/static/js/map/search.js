// Search by the name or code of a place, by the number of a sub-compartment, or by compartment and number or the owner
// of the land within the chosen place.

import { given, texts } from "./given.js";
import { flyTo } from "./ground.js";
import { say } from "./panel.js";
import { change, state } from "./state.js";

const search = document.getElementById("search");
const found = document.getElementById("found");
let searchRequest = null;
let waiting = 0;
let marked = -1;

search.addEventListener("input", () => {
  window.clearTimeout(waiting);
  waiting = window.setTimeout(find, 180);
});

async function find() {
  const text = search.value.trim();
  searchRequest?.abort();
  if (!text) { closeFound(); return; }
  searchRequest = new AbortController();
  try {
    const query = new URLSearchParams({ q: text, release: state.release, within: state.place });
    const answer = await fetch(`${given.addresses.places}?${query}`, { signal: searchRequest.signal });
    showFound((await answer.json()).found);
  } catch (error) {
    if (error.name !== "AbortError") say(texts.panel_error);
  }
}

function showFound(entries) {
  marked = -1;
  found.replaceChildren(...entries.map((entry, index) => {
    const option = document.createElement("li");
    option.setAttribute("role", "option");
    option.id = `found-${index}`;
    const name = span(entry.name);
    if (/\p{Script=Han}/u.test(entry.name)) name.lang = "zh";
    const detail = [entry.detail, texts[entry.kind], entry.kind === "sub_compartment" ? "" : entry.code];
    option.append(name, span(detail.filter(Boolean).join(" · "), "soft small"));
    option.addEventListener("mousedown", (event) => { event.preventDefault(); take(entry); });
    option.entry = entry;
    return option;
  }));
  if (!entries.length) {
    const nothing = document.createElement("li");
    nothing.className = "nothing";
    nothing.textContent = texts.nothing;
    found.append(nothing);
  }
  found.hidden = false;
  search.setAttribute("aria-expanded", "true");
}

function span(text, className = "") {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}

function closeFound() {
  found.hidden = true;
  search.setAttribute("aria-expanded", "false");
  search.removeAttribute("aria-activedescendant");
}

function take(entry) {
  search.value = entry.name;
  closeFound();
  if (entry.kind === "sub_compartment") {
    change({ row: String(entry.row) }, { fly: true });
  } else if (entry.kind === "village") {
    // The panel tells of townships; the map goes to the village where its place is known.
    change({ place: entry.code.slice(0, 9), row: null }, { fly: entry.bbox === null });
    if (entry.bbox) flyTo(entry.bbox);
  } else {
    change({ place: entry.code, row: null }, { fly: true });
  }
}

search.addEventListener("keydown", (event) => {
  const options = [...found.querySelectorAll('[role="option"]')];
  if (event.key === "Escape") closeFound();
  if (event.key === "Enter" && options.length && !found.hidden) {
    event.preventDefault();
    take(options[Math.max(marked, 0)].entry);
  }
  if (!["ArrowDown", "ArrowUp"].includes(event.key) || !options.length) return;
  event.preventDefault();
  marked = (marked + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length;
  options.forEach((option, index) => option.setAttribute("aria-selected", String(index === marked)));
  options[marked].scrollIntoView({ block: "nearest" });
  search.setAttribute("aria-activedescendant", options[marked].id);
});
search.addEventListener("blur", closeFound);

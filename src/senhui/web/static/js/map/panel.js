// The panel beside the map. It is HTML from the server: its words, units and numbers are not this file's business.

import { given, texts } from "./given.js";
import { change, onChange, selectionQuery, state } from "./state.js";

const panel = document.getElementById("panel-body");
const said = document.getElementById("panel-said");
let request = null;

export async function showPanel() {
  request?.abort();
  request = new AbortController();
  const query = new URLSearchParams({ release: state.release, measure: state.measure, per: state.per });
  if (state.before !== null) query.set("before", state.before);
  if (state.row === null) query.set("place", state.place);
  else query.set("row", state.row);
  try {
    const selection = state.row === null ? selectionQuery() : "";
    const answer = await fetch(`${given.addresses.panel}?${query}${selection && `&${selection}`}`, {
      signal: request.signal,
      headers: { "HX-Request": "true" },
    });
    panel.innerHTML = await answer.text();
    panel.parentElement.scrollTop = 0;
    said.textContent = panelTitle();
  } catch (error) {
    if (error.name !== "AbortError") say(texts.panel_error);
  }
}

// Says something that went wrong above what the panel shows.
export function say(text) {
  const note = document.createElement("p");
  note.className = "note warn";
  note.setAttribute("role", "alert");
  note.textContent = text;
  panel.prepend(note);
}

export const panelTitle = () => document.getElementById("panel-title")?.textContent ?? "";

panel.addEventListener("click", (event) => {
  const link = event.target.closest("[data-place], [data-row]");
  if (!link) return;
  event.preventDefault();
  if (link.dataset.place) change({ place: link.dataset.place, row: null }, { fly: true });
  else change({ row: link.dataset.row }, { fly: true });
});

// Two tabs, the answer and the charts; the arrow keys go from one to the other.
const tabs = [...document.querySelectorAll('#panel [role="tab"]')];
const tabListeners = [];

// Calls `react(name)` with "answer" or "charts" whenever the other tab is opened.
export const onTab = (react) => { tabListeners.push(react); };
export const openTab = () => tabs.find((tab) => tab.getAttribute("aria-selected") === "true").id.replace("tab-", "");

export function showTab(name) {
  for (const tab of tabs) {
    const isOpen = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", String(isOpen));
    tab.tabIndex = isOpen ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = !isOpen;
  }
  panel.parentElement.scrollTop = 0;
  for (const react of tabListeners) react(name);
}

tabs.forEach((tab, index) => {
  tab.addEventListener("click", () => showTab(tab.id.replace("tab-", "")));
  tab.addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) return;
    event.preventDefault();
    const next = { Home: 0, End: tabs.length - 1 }[event.key] ?? (index + 1) % tabs.length;
    tabs[next].focus();
    tabs[next].click();
  });
});

const sheet = document.getElementById("sheet");
sheet.addEventListener("click", () => {
  const raised = document.getElementById("panel").classList.toggle("raised");
  sheet.setAttribute("aria-expanded", String(raised));
});

onChange(["release", "before", "measure", "per", "place", "row", "where", "shape"], showPanel);

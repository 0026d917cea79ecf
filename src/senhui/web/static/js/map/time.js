// Time: which survey the map shows, against which earlier one, and all of them one after the other.

import { filled, given, isCalm, releaseNames, texts, years } from "./given.js";
import { change, onChange, state } from "./state.js";
import { comparison } from "./style.js";

const SHOWN_FOR_MS = 2500;
const slider = document.getElementById("year");
const ticks = document.getElementById("year-ticks");
const before = document.getElementById("before");
const play = document.getElementById("play");
const note = document.getElementById("time-note");

// One survey stands for its year: the first of the list, which covers most land.
const releases = [...new Map([...given.releases].reverse().map((id) => [years.get(id), id])).entries()]
  .sort(([one], [other]) => one - other)
  .map(([, id]) => id);
const position = () => releases.findIndex((id) => years.get(id) === years.get(state.release));

function show() {
  slider.value = position();
  slider.setAttribute("aria-valuetext", releaseNames.get(state.release));
  for (const [index, tick] of [...ticks.children].entries()) tick.classList.toggle("chosen", index === position());
  const earlier = given.releases.filter((id) => years.get(id) < years.get(state.release));
  before.replaceChildren(new Option(texts.no_difference, ""), ...earlier.map((id) => new Option(releaseNames.get(id), id)));
  before.value = state.before ?? "";
  before.disabled = earlier.length === 0;
  showNote(earlier.length);
}

function showNote(nEarlier) {
  const facts = { before: years.get(state.before), after: years.get(state.release) };
  if (state.before !== null) note.textContent = filled(comparison() ? texts.difference : texts.no_comparison, facts);
  else note.textContent = nEarlier ? "" : texts.nothing_earlier;
  document.getElementById("make-comparison")?.toggleAttribute("hidden", state.before === null || comparison() !== null);
}

// A row is a position in one release; in another it would be another stand.
function goTo(index) {
  if (years.get(state.release) !== years.get(releases[index])) change({ release: releases[index], row: null });
}

slider.max = releases.length - 1;
slider.addEventListener("input", () => goTo(Number(slider.value)));
ticks.replaceChildren(...releases.map((id, index) => {
  const tick = document.createElement("span");
  tick.textContent = years.get(id);
  tick.addEventListener("click", () => goTo(index));
  return tick;
}));
document.getElementById("time-box").classList.toggle("single", releases.length < 2);
before.addEventListener("change", () => change({ before: before.value || null }));

// Whoever wants less motion gets the next survey at each press instead of a film.
let film = null;
play.querySelector(".name").textContent = isCalm() ? texts.next_survey : texts.play;

function stop() {
  window.clearInterval(film);
  film = null;
  play.setAttribute("aria-pressed", "false");
}

const next = () => goTo((position() + 1) % releases.length);

play.addEventListener("click", () => {
  if (isCalm()) { next(); return; }
  if (film !== null) { stop(); return; }
  play.setAttribute("aria-pressed", "true");
  next();
  film = window.setInterval(next, SHOWN_FOR_MS);
});
for (const control of [slider, before]) control.addEventListener("pointerdown", stop);
if (isCalm()) play.removeAttribute("aria-pressed");

onChange(["release", "before"], show);
show();

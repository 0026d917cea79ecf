// The wall: shows one slide after the other, keeps the time, and asks the server now and then for newer slides.
// The slides are made by the server; when it cannot be reached, the last ones stay and the screen says since when.

import * as echarts from "../vendor/echarts-6.1.0/echarts.esm.min.mjs";
import * as maplibregl from "../vendor/maplibre-gl-6.17.0/maplibre-gl.mjs";

const given = JSON.parse(document.getElementById("wall-state").textContent);
const { texts } = given;
const stage = document.getElementById("slides");
const dots = document.getElementById("dots");
const progress = document.getElementById("progress");
const lost = document.getElementById("lost");
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
const TICK_MS = 250;

let slides = [];
let at = 0;
let shownMs = 0;
let isPaused = false;
let version = given.version;
let loadedAt = new Date();
let charts = [];
let map = null;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const rem = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
const clockTime = (instant) => new Intl.DateTimeFormat(given.language, { timeZone: given.time_zone, hour: "2-digit", minute: "2-digit" }).format(instant);
const clockDay = (instant) => new Intl.DateTimeFormat(given.language, { timeZone: given.time_zone, year: "numeric", month: "long", day: "numeric", weekday: "short" }).format(instant);

function show(nth) {
  at = (nth + slides.length) % slides.length;
  shownMs = 0;
  slides.forEach((slide, i) => {
    slide.classList.toggle("shown", i === at);
    slide.toggleAttribute("inert", i !== at);
  });
  [...dots.children].forEach((dot, i) => (i === at ? dot.setAttribute("aria-current", "true") : dot.removeAttribute("aria-current")));
  sayProgress();
}

function sayProgress() {
  // Without motion the bar moves once a second and not steadily.
  const ms = calm.matches ? Math.floor(shownMs / 1000) * 1000 : shownMs;
  progress.value = (100 * ms) / (1000 * given.seconds);
}

function pause(now) {
  isPaused = now;
  document.getElementById("state").textContent = isPaused ? texts.paused : "";
}

// Whatever is in the fragment becomes the stage: slides, imprint, charts and the map.
function setUp() {
  slides = [...stage.querySelectorAll(".slide")];
  document.getElementById("version").replaceChildren(...[...stage.querySelector("#imprint").childNodes].map((node) => node.cloneNode(true)));
  dots.replaceChildren(...slides.map((slide, i) => {
    const dot = document.createElement("button");
    dot.type = "button";
    dot.textContent = String(i + 1);
    dot.setAttribute("aria-label", `${texts.slide.replace("%s", String(i + 1))}: ${slide.querySelector("h1").textContent}`);
    dot.addEventListener("click", () => show(i));
    return dot;
  }));
  const data = JSON.parse(stage.querySelector("#wall-data").textContent);
  drawCharts(data);
  drawMap(data.map);
}

function drawCharts(data) {
  charts.forEach((chart) => chart.dispose());
  charts = [];
  for (const [id, bars] of [["chart-species", data.species], ["chart-ages", data.ages]]) {
    const place = document.getElementById(id);
    if (!place) continue;
    const chart = echarts.init(place, null, { renderer: "canvas" });
    chart.setOption(barOption(bars));
    charts.push(chart);
  }
}

function barOption(bars) {
  const text = { color: colour("--ink"), fontSize: 1.5 * rem(), fontFamily: colour("--font") };
  return {
    animation: !calm.matches,
    backgroundColor: "transparent",
    textStyle: { fontFamily: colour("--font") },
    grid: { left: 0, right: 22 * rem(), top: rem(), bottom: rem(), containLabel: true },
    xAxis: { type: "value", show: false },
    yAxis: { type: "category", inverse: true, data: bars.map(({ name }) => name), axisLine: { show: false }, axisTick: { show: false }, axisLabel: text },
    series: [{
      type: "bar", barMaxWidth: 3.5 * rem(), itemStyle: { color: colour("--accent") }, silent: true,
      data: bars.map(({ value, label }) => ({ value, label: { show: true, position: "right", ...text, formatter: () => label } })),
    }],
  };
}

function ramp({ steps, no_value }) {
  const density = ["feature-state", "density"];
  const step = ["step", ["to-number", density], steps[0].colour];
  for (const { lower, colour: fill } of steps.slice(1)) step.push(lower, fill);
  return ["case", ["==", density, null], no_value, step];
}

async function drawMap(of) {
  map?.remove();
  map = null;
  const place = document.getElementById("wall-map");
  if (!place) return;
  const fetched = async (address) => (await fetch(address)).json();
  try {
    const [labels, { values }] = await Promise.all([fetched(of.names), fetched(of.choropleth)]);
    const boxes = labels.map(({ bbox }) => bbox);
    const edge = (i, pick) => pick(...boxes.map((box) => box[i]));
    const bounds = [edge(0, Math.min), edge(1, Math.min), edge(2, Math.max), edge(3, Math.max)];
    const names = labels.map(({ name, point }) => ({ type: "Feature", properties: { name }, geometry: { type: "Point", coordinates: point } }));
    map = new maplibregl.Map({
      container: place, interactive: false, attributionControl: false, fadeDuration: calm.matches ? 0 : 300,
      bounds, fitBoundsOptions: { padding: { top: 2 * rem(), bottom: 2 * rem(), left: 24 * rem(), right: 4 * rem() } },
      localIdeographFontFamily: colour("--font"),
      style: {
        version: 8,
        sources: {
          townships: { type: "geojson", data: of.townships, promoteId: "code" },
          counties: { type: "geojson", data: of.counties },
          names: { type: "geojson", data: { type: "FeatureCollection", features: names } },
        },
        layers: [
          { id: "ground", type: "background", paint: { "background-color": "#0b100d" } },
          { id: "townships", type: "fill", source: "townships", paint: { "fill-color": ramp(of) } },
          { id: "township-lines", type: "line", source: "townships", paint: { "line-color": "#0b100d", "line-width": 0.05 * rem() } },
          { id: "county-lines", type: "line", source: "counties", paint: { "line-color": "#ffffff", "line-width": 0.15 * rem() } },
          { id: "names", type: "symbol", source: "names",
            layout: { "text-field": ["get", "name"], "text-font": ["sans-serif"], "text-size": 1.7 * rem(), "text-allow-overlap": true },
            paint: { "text-color": "#ffffff", "text-halo-color": "#0b100d", "text-halo-width": 0.18 * rem() } },
        ],
      },
    });
    map.on("load", () => {
      for (const [code, density] of Object.entries(values)) map.setFeatureState({ source: "townships", id: code }, { density });
      map.once("idle", () => { place.dataset.ready = "true"; });
    });
  } catch {
    place.textContent = texts.no_webgl;
  }
}

// 304 costs a header; a new version replaces the slides while the one in view stays the one in view.
async function refresh() {
  try {
    const answer = await fetch(given.slides, { headers: { "If-None-Match": `"${version}"` }, cache: "no-store" });
    if (answer.status !== 304) {
      if (!answer.ok) throw new Error(String(answer.status));
      const html = await answer.text();
      if (!html) return;
      version = answer.headers.get("ETag").replaceAll('"', "");
      const name = slides[at]?.dataset.name;
      stage.innerHTML = html;
      stage.dataset.version = version;
      setUp();
      show(Math.max(0, slides.findIndex((slide) => slide.dataset.name === name)));
    }
    loadedAt = new Date();
    lost.hidden = true;
  } catch {
    lost.textContent = texts.since.replace("%s", clockTime(loadedAt));
    lost.hidden = false;
  }
}

document.addEventListener("keydown", (event) => {
  if (event.target.closest("button, a") && event.key === " ") return;
  const react = {
    " ": () => pause(!isPaused),
    ArrowRight: () => show(at + 1),
    ArrowLeft: () => show(at - 1),
    f: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
  }[event.key];
  if (!react || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  react();
});

window.addEventListener("resize", () => charts.forEach((chart) => chart.resize()));

function tell() {
  const now = new Date();
  const clock = document.getElementById("clock");
  clock.textContent = `${clockDay(now)} ${clockTime(now)}`;
  clock.dateTime = now.toISOString();
}

setUp();
show(0);
tell();
setInterval(tell, 1000);
setInterval(refresh, 1000 * given.refresh);
setInterval(() => {
  if (isPaused) return;
  shownMs += TICK_MS;
  if (shownMs >= 1000 * given.seconds) show(at + 1);
  else sayProgress();
}, TICK_MS);
document.documentElement.dataset.ready = "true";

// The tab of charts: of what the selection consists, and how the place changed. Each chart obeys all filters but its own
// (the server sees to that); a bar that is clicked, or chosen by the arrow keys and Enter, filters everything else.
// The library is large and is loaded when the tab is opened for the first time, after the map is drawn.

import { answerAddress, asked, historyAddress, newest } from "./asking.js";
import { BAR_PX, bars, history, pyramid } from "./chart_options.js";
import { Plot } from "./chart_plot.js";
import { releaseName } from "./choices.js";
import { filled, given, years } from "./given.js";
import { ready } from "./ground.js";
import { onTab, openTab, panelTitle } from "./panel.js";
import { change, onChange, state } from "./state.js";
import { asText, dimensionOf, element, entryOf, unitOf, withUnit, written } from "./writing.js";

const { dimensions, texts } = given.selection;
const box = document.getElementById("charts-box");
const MOST_BARS = 12;
const COMPOSED = ["species_group", "origin", "land_class", "protection"].filter(dimensionOf);
const SIDES = ["natural", "planted"];
const NOT_CALIBRATED = new Set(given.not_calibrated);

let shownQuantity = "stock_tc";
let plots = null;
let latest = null;

const status = element("p", { className: "chart-status", attributes: { role: "status" } });
const heading = element("p", { className: "soft small" });
const nothing = element("p", { className: "note", hidden: true });
const list = element("div", { className: "charts" });

function quantityChoice() {
  const choices = ["stock_tc", "area_ha"].map((quantity) => {
    const input = element("input", { type: "radio", name: "chart-quantity", value: quantity, checked: quantity === shownQuantity });
    input.addEventListener("change", () => { shownQuantity = quantity; if (latest) draw(latest); });
    return element("label", {}, input, ` ${quantity === "stock_tc" ? texts.stock : texts.area} (${unitOf(quantity)})`);
  });
  return element("fieldset", { className: "chart-quantity" }, element("legend", { className: "unseen", textContent: texts.what_is_shown }), ...choices);
}

async function build() {
  const note = given.stands
    ? element("p", { id: "charts-keys", className: "small soft", textContent: texts.keys })
    : element("p", { id: "charts-keys", className: "note", textContent: texts.public_note });
  box.append(heading, quantityChoice(), note, status, nothing, list);
  await ready;
  const echarts = await import("../../vendor/echarts-6.1.0/echarts.esm.min.mjs");
  const plot = (id, options = {}) => new Plot(echarts, list, { id, ...options });
  plots = {
    ...Object.fromEntries(COMPOSED.map((id) => [id, plot(id, { isMultiple: true, take: (row) => choose(id, row.code) })])),
    age_group: plot("age_group", { isMultiple: true, take: (row) => choose("age_group", row.code) }),
    history: plot("history", { hasTip: true, take: (point) => change({ release: point.release, row: null }) }),
  };
  new ResizeObserver(() => { for (const one of Object.values(plots)) one.resize(); }).observe(list);
  if (latest) draw(latest);
}

// Filters need a role; without one the bars only tell their numbers.
const choose = (dimension, value) => { if (given.stands) toggle(dimension, value); };

export function toggle(dimension, value) {
  const chosen = state.where[dimension] ?? [];
  const kept = chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value];
  const { [dimension]: dropped, ...others } = state.where;
  change({ where: kept.length ? { ...others, [dimension]: kept } : others });
}

// The pyramid needs two dimensions at once: the age groups of each origin, as far as the filter lets it through.
async function ask(signal) {
  const sides = given.stands ? SIDES : [];
  const isLetThrough = (origin) => !state.where.origin || state.where.origin.includes(origin);
  const [answer, past, ...ofSides] = await Promise.all([
    asked(answerAddress(), { signal }),
    asked(historyAddress(), { signal }),
    ...sides.map((origin) => isLetThrough(origin)
      ? asked(answerAddress({ where: { ...state.where, origin: [origin] }, by: ["age_group"] }), { signal })
      : { by: { age_group: [] } }),
  ]);
  return { answer, past, sides: ofSides.map(({ by }) => by.age_group) };
}

const question = newest(ask, ({ status: now, found, reason }) => {
  box.setAttribute("aria-busy", String(now === "busy"));
  list.classList.toggle("stale", now !== "fresh");
  status.classList.toggle("note", ["failed", "refused"].includes(now));
  status.classList.toggle("warn", ["failed", "refused"].includes(now));
  status.replaceChildren({ busy: texts.asking, fresh: "", refused: reason, failed: texts.failed }[now] ?? "");
  if (now === "failed") {
    const again = element("button", { type: "button", textContent: texts.try_again });
    again.addEventListener("click", question);
    status.append(" ", again);
  }
  if (now !== "fresh") return;
  latest = found;
  if (plots) draw(found);
});

function draw({ answer, past, sides }) {
  heading.textContent = [panelTitle(), releaseName(), ...(answer.is_sample ? [texts.sample] : [])].join(" · ");
  nothing.hidden = answer.total.n > 0;
  nothing.textContent = texts.no_numbers;
  for (const id of COMPOSED) drawComposition(id, answer);
  if (sides.length) drawPyramid(answer, sides);
  else drawComposition("age_group", answer);
  drawHistory(past);
}

// What every chart says below its name: quantity, unit, year and data version.
function facts() {
  const quantity = shownQuantity === "area_ha" ? texts.area : measureName();
  return filled(texts.facts, { quantity, unit: unitOf(shownQuantity), year: years.get(state.release), release: state.release });
}

const isCalibrated = () => state.measure === "calibrated" && !NOT_CALIBRATED.has(state.release);
const measureName = () => (isCalibrated() ? texts.stock_calibrated : texts.stock_measured);

const column = () => {
  if (shownQuantity === "area_ha") return "area_ha";
  return isCalibrated() ? "calibrated_stock_tc" : "stock_tc";
};

// Of shares the whole is what the bars add up to: the total, if the chart's own filter did not leave some out of it.
function rowsOf(id, { total, by }) {
  const entries = by[id] ?? [];
  const whole = state.where[id] ? entries.reduce((sum, one) => sum + (one[column()] ?? 0), 0) : total[column()];
  return entries.map((one) => {
    const { value: code, name, colour } = entryOf(id, one.value);
    const value = one.is_withheld ? null : one[column()];
    const share = value === null || !whole ? null : value / whole;
    const isSelected = (state.where[id] ?? []).includes(code);
    const number = one.is_withheld ? texts.withheld : withUnit(value, shownQuantity);
    const percent = share === null ? "" : shareText(share);
    return {
      code, name, colour, value, share, isSelected, isWithheld: one.is_withheld, n: one.n,
      label: one.is_withheld ? texts.withheld : [written(value, shownQuantity), ...(percent ? [percent] : [])].join(" · "),
      lines: [name, number, ...(percent ? [percent] : [])],
      cells: [name, one.is_withheld ? texts.withheld : written(value, shownQuantity), percent],
    };
  });
}

// A share too small for the unit's digits says so; three digits of it would tell nothing.
const shareText = (share) => (share > 0 && share < 0.0005 ? "< 0.1 %" : `${written(share, "share_frac")} %`);

const inOrder = (id) => {
  const place = new Map(dimensionOf(id).values.map(({ value }, nth) => [value, nth]));
  return (one, other) => (place.get(one.code) ?? 99) - (place.get(other.code) ?? 99);
};
const byValue = (one, other) => (other.value ?? -1) - (one.value ?? -1);

// What is selected is always among the bars, or nobody could take it back there.
function drawComposition(id, answer) {
  const isLong = ["species_group", "land_class"].includes(id);
  const all = rowsOf(id, answer).sort(isLong ? byValue : inOrder(id));
  const rows = all.length > MOST_BARS
    ? all.filter((row, nth) => nth < MOST_BARS || row.isSelected)
    : all;
  const notes = [
    ...(rows.length < all.length ? [filled(texts.not_all_shown, { n: rows.length, n_all: all.length })] : []),
    ...(all.some(({ isWithheld }) => isWithheld) ? [texts.withheld_note] : []),
  ];
  const name = dimensionOf(id).title;
  plots[id].show({
    title: name, facts: facts(), rows, height: rows.length * BAR_PX + 4, notes,
    option: (width) => bars(rows, { width }),
    head: [name, unitOf(shownQuantity), texts.share],
    cells: all.map((row) => row.cells),
  });
}

function drawPyramid(answer, sides) {
  const valueOf = (entries, code) => entries.find(({ value }) => asText(value) === code)?.[column()] ?? 0;
  const rows = rowsOf("age_group", answer).sort(inOrder("age_group")).reverse().map((row) => {
    const [left, right] = sides.map((entries) => valueOf(entries, row.code));
    const rest = (row.value ?? 0) - left - right;
    const other = rest > 1e-9 * (row.value ?? 0) ? rest : 0; // what sums in another order leave over is no tonne
    const side = (origin, value) => `${entryOf("origin", origin).name}: ${withUnit(value, shownQuantity)}`;
    return {
      ...row, left, right, other,
      lines: [...row.lines, side("natural", left), side("planted", right)],
      cells: [row.name, ...[left, right, other, row.value].map((value) => written(value, shownQuantity))],
    };
  });
  const other = rows.reduce((sum, row) => sum + row.other, 0);
  const [left, right] = SIDES.map((origin) => entryOf("origin", origin));
  plots.age_group.show({
    title: texts.pyramid, facts: facts(), rows, height: rows.length * BAR_PX + 34,
    notes: [filled(texts.pyramid_note, { other: withUnit(other, shownQuantity) })],
    option: (width) => pyramid(rows, { width, left, right, quantity: shownQuantity }),
    head: [dimensionOf("age_group").title, left.name, right.name, texts.other_origin, unitOf(shownQuantity)],
    cells: rows.map((row) => row.cells),
  });
}

function drawHistory(past) {
  const points = past.map(({ release, reference_year: year, label, stock_tc: value, lower_tc: lower = null, upper_tc: upper = null }) => {
    const interval = lower === null ? texts.no_interval : [lower, upper].map((end) => written(end, "stock_tc")).join(" – ");
    const cells = [String(year), label, written(value, "stock_tc"), interval];
    return {
      release, year, value, lower, upper, name: `${year} · ${label}`, isSelected: release === state.release, cells,
      lines: [`${year} · ${label}`, withUnit(value, "stock_tc"), `${texts.interval}: ${interval}`],
    };
  }).sort((one, other) => one.year - other.year);
  plots.history.show({
    title: texts.history, facts: filled(texts.history_facts, { quantity: measureName(), unit: unitOf("stock_tc") }), rows: points, height: points.length ? 210 : 0,
    notes: [texts.history_note, ...(points.length === 1 ? [texts.history_one] : [])],
    option: () => history(points, { quantity: "stock_tc" }),
    head: [texts.year, texts.version, unitOf("stock_tc"), texts.interval],
    cells: points.map((point) => point.cells),
  });
}

let isBuilt = false;
let isStale = true;

function refresh() {
  if (openTab() !== "charts") { isStale = true; return; }
  if (!isBuilt) { isBuilt = true; build(); }
  isStale = false;
  question();
}

onTab(() => { if (isStale) refresh(); });
onChange(["release", "place", "measure", "where", "shape"], refresh);

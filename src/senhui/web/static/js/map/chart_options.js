// What ECharts is told to draw: plain values in, options out. Colours are the map's; a selected bar has a frame and a
// tick, what is not selected beside it is pale and dashed, so that nothing hangs on colour alone.

import { element, written } from "./writing.js";

export const BAR_PX = 26;
const PALE = 0.4;

const look = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function base() {
  return {
    animation: false, // bars that move while somebody reads them say nothing more
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 13, color: look("--ink") },
    tooltip: {
      confine: true,
      backgroundColor: look("--surface"),
      borderColor: look("--line"),
      textStyle: { color: look("--ink"), fontSize: 13 },
    },
  };
}

// The tooltip is made of elements: the policy of the page forbids HTML with styles of its own.
export function tip(lines) {
  const box = document.createElement("div");
  lines.forEach((line, nth) => box.append(element(nth ? "div" : "strong", { textContent: line })));
  return box;
}

function bar(row, anySelected, value = row.value) {
  const isPale = anySelected && !row.isSelected;
  return {
    value: value ?? 0,
    itemStyle: {
      color: row.colour,
      opacity: isPale ? PALE : 1,
      borderColor: row.isSelected ? look("--ink") : look("--ink-soft"),
      borderWidth: row.isSelected ? 2.5 : 0.6,
      borderType: isPale ? "dashed" : "solid",
    },
  };
}

const names = (rows) => rows.map((row) => `${row.isSelected ? "✓ " : ""}${row.name}`);

function axes(rows, nameWidth, { isLeft = true } = {}) {
  return {
    type: "category",
    inverse: true,
    data: names(rows),
    axisLine: { show: isLeft, lineStyle: { color: look("--ink-soft") } },
    axisTick: { show: false },
    axisLabel: {
      show: isLeft, width: nameWidth - 8, overflow: "truncate", interval: 0, color: look("--ink"),
      formatter: (name) => name,
    },
  };
}

const longest = (rows) => Math.max(0, ...rows.map(({ value }) => value ?? 0));

// Room beside the longest bar for what is written there, in pixels.
const roomFor = (labels) => 14 + 7.6 * Math.max(...labels.map(({ length }) => length));

// rows: [{ name, value, share, colour, isSelected, isWithheld, label, lines }], the first on top.
export function bars(rows, { width }) {
  const anySelected = rows.some(({ isSelected }) => isSelected);
  const nameWidth = Math.min(130, Math.round(width * 0.36));
  return {
    ...base(),
    grid: { left: nameWidth, right: roomFor(rows.map(({ label }) => label)), top: 2, bottom: 2 },
    xAxis: { type: "value", show: false, min: 0, max: longest(rows) || 1 },
    yAxis: axes(rows, nameWidth),
    series: [{
      type: "bar",
      data: rows.map((row) => bar(row, anySelected)),
      barWidth: "62%",
      cursor: "pointer",
      label: { show: true, position: "right", color: look("--ink"), opacity: 1, formatter: ({ dataIndex }) => rows[dataIndex].label },
      tooltip: { formatter: ({ dataIndex }) => tip(rows[dataIndex].lines) },
      emphasis: { itemStyle: { borderColor: look("--focus"), borderWidth: 3, borderType: "solid" } },
    }],
  };
}

// rows as for bars, and `left` and `right`: the age groups, the oldest on top, by two origins.
export function pyramid(rows, { width, left, right, quantity }) {
  const anySelected = rows.some(({ isSelected }) => isSelected);
  const nameWidth = Math.min(96, Math.round(width * 0.26));
  const most = Math.max(1e-9, ...rows.flatMap((row) => [row.left, row.right]));
  const side = (key, sign, entry) => ({
    type: "bar",
    name: entry.name,
    color: entry.colour,
    stack: "age",
    data: rows.map((row) => bar({ ...row, colour: entry.colour }, anySelected, sign * row[key])),
    barWidth: "62%",
    cursor: "pointer",
    label: {
      show: true, position: sign < 0 ? "left" : "right", color: look("--ink"), opacity: 1,
      formatter: ({ dataIndex }) => (rows[dataIndex][key] ? written(rows[dataIndex][key], quantity) : ""),
    },
    tooltip: { formatter: ({ dataIndex }) => tip(rows[dataIndex].lines) },
    emphasis: { itemStyle: { borderColor: look("--focus"), borderWidth: 3, borderType: "solid" } },
  });
  return {
    ...base(),
    legend: { top: 0, left: nameWidth, selectedMode: false, itemHeight: 11, textStyle: { color: look("--ink") } },
    grid: { left: nameWidth, right: 8, top: 28, bottom: 2 },
    // Room at both ends for the numbers beside the longest bars.
    xAxis: { type: "value", show: false, min: -1.75 * most, max: 1.75 * most },
    yAxis: { ...axes(rows, nameWidth), axisLine: { show: false } },
    series: [side("left", -1, left), side("right", 1, right)],
  };
}

// points: [{ year, name, value, lower, upper, isSelected, lines }] in the order of time; lower and upper may be null.
export function history(points, { quantity }) {
  const known = points.filter(({ lower, upper }) => lower !== null && upper !== null);
  const ink = look("--ink");
  return {
    ...base(),
    grid: { left: 8, right: 12, top: 12, bottom: 4, containLabel: true },
    xAxis: {
      type: "value", min: points[0].year - 1, max: points.at(-1).year + 1, minInterval: 1,
      axisLabel: { color: ink, formatter: (year) => (Number.isInteger(year) ? String(year) : "") },
      splitLine: { show: false }, axisLine: { lineStyle: { color: look("--ink-soft") } },
    },
    // From zero: a stock that is drawn from somewhere else seems to change more than it does.
    yAxis: {
      type: "value", min: 0,
      axisLabel: { color: ink, formatter: (value) => written(value, quantity) },
      splitNumber: 3, splitLine: { lineStyle: { color: look("--line") } },
    },
    series: [
      { type: "custom", silent: true, z: 1, encode: { x: 0, y: [1, 2] }, data: known.map(({ year, lower, upper }) => [year, lower, upper]), renderItem: whisker(ink) },
      {
        type: "line", z: 3, symbol: "circle", symbolSize: 11, cursor: "pointer",
        data: points.map(({ year, value, isSelected }, nth) => ({
          value: [year, value],
          label: { position: nth && nth === points.length - 1 ? "left" : "right" }, // within the drawing
          itemStyle: { color: isSelected ? look("--accent") : look("--surface"), borderColor: look("--accent"), borderWidth: 2.5 },
        })),
        lineStyle: { color: look("--accent"), width: 2 },
        label: {
          show: true, distance: 12, color: ink, backgroundColor: look("--surface"), padding: [1, 3],
          formatter: ({ dataIndex }) => written(points[dataIndex].value, quantity),
        },
        labelLayout: { hideOverlap: true },
        tooltip: { formatter: ({ dataIndex }) => tip(points[dataIndex].lines) },
        emphasis: { scale: 1.4, itemStyle: { borderColor: look("--focus") } },
      },
    ],
  };
}

// A line from the lower to the upper end of the interval, with a foot at both.
const whisker = (ink) => (params, api) => {
  const [x, low] = api.coord([api.value(0), api.value(1)]);
  const [, high] = api.coord([api.value(0), api.value(2)]);
  const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: ink, lineWidth: 1.5 } });
  return { type: "group", children: [line(x, low, x, high), line(x - 6, low, x + 6, low), line(x - 6, high, x + 6, high)] };
};

// One chart with its title, its table and its keys. The drawing is for the eye; what it holds is a list of options for
// the keyboard and for readers of the screen, and a table for both and for paper.

import { given } from "./given.js";
import { element } from "./writing.js";

const { texts } = given.selection;

export class Plot {
  // `take(row)` is called for a bar that is clicked or chosen by key.
  constructor(echarts, parent, { id, take, isMultiple = false, hasTip = false }) {
    this.echarts = echarts;
    this.take = take;
    this.hasTip = hasTip;
    this.rows = [];
    this.at = -1;
    this.title = element("h3", { id: `chart-${id}-title` });
    this.facts = element("p", { className: "small soft", id: `chart-${id}-facts` });
    this.button = element("button", { type: "button", className: "as-table", textContent: texts.as_table, attributes: { "aria-expanded": "false", "aria-controls": `chart-${id}-table` } });
    this.drawing = element("div", { className: "drawing", attributes: { "aria-hidden": "true" } });
    this.options = element("div", { className: "unseen", attributes: { role: "presentation" } });
    this.plot = element("div", {
      className: "plot", tabIndex: 0, id: `chart-${id}`,
      attributes: { role: "listbox", "aria-labelledby": `chart-${id}-title`, "aria-multiselectable": String(isMultiple), "aria-describedby": `chart-${id}-facts charts-keys` },
    }, this.drawing, this.options);
    this.table = element("div", { className: "table chart-table closed", id: `chart-${id}-table` });
    this.notes = element("div", { className: "small soft" });
    this.section = element("section", { className: "chart", data: { chart: id }, attributes: { "aria-labelledby": this.title.id } },
      element("div", { className: "chart-head" }, element("div", {}, this.title, this.facts), this.button), this.plot, this.notes, this.table);
    parent.append(this.section);
    this.button.addEventListener("click", () => this.showTable(this.table.classList.contains("closed")));
    this.plot.addEventListener("keydown", (event) => this.key(event));
    this.plot.addEventListener("focus", () => this.mark(Math.max(this.at, 0)));
    this.plot.addEventListener("blur", () => this.unmark());
  }

  showTable(isOpen) {
    this.table.classList.toggle("closed", !isOpen);
    this.button.setAttribute("aria-expanded", String(isOpen));
    this.button.textContent = isOpen ? texts.without_table : texts.as_table;
  }

  // rows: what the bars stand for, with name, lines and isSelected; option(width): what ECharts draws.
  show({ title, facts, rows, height, notes, option, head, cells }) {
    this.rows = rows;
    this.option = option;
    this.title.textContent = title;
    this.facts.textContent = facts;
    this.at = Math.min(this.at, rows.length - 1);
    this.section.hidden = !rows.length;
    this.options.replaceChildren(...rows.map((row, nth) => element("div", {
      id: `${this.plot.id}-${nth}`, textContent: row.lines.join(", "),
      attributes: { role: "option", "aria-selected": String(Boolean(row.isSelected)) },
    })));
    this.notes.replaceChildren(...notes.map((note) => element("p", { textContent: note })));
    this.table.replaceChildren(tableOf(`${title}, ${facts}`, head, cells));
    if (!rows.length) return;
    this.resizeTo(height);
    this.redraw();
    if (document.activeElement === this.plot) this.mark(this.at);
  }

  resizeTo(height) {
    if (this.height === height && this.chart) return;
    this.height = height;
    this.drawing.style.height = `${height}px`;
    if (!this.chart) {
      this.chart = this.echarts.init(this.drawing, null, { renderer: "svg" });
      this.chart.on("click", ({ dataIndex, seriesType }) => {
        if (seriesType !== "custom") this.take(this.rows[dataIndex]);
      });
    }
    this.chart.resize();
  }

  resize() {
    if (!this.chart || !this.rows.length || !this.drawing.clientWidth) return;
    this.chart.resize();
    this.redraw();
  }

  redraw() {
    this.chart.setOption(this.option(this.drawing.clientWidth), { notMerge: true });
  }

  key(event) {
    const { key } = event;
    const last = this.rows.length - 1;
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[key];
    if (step) this.mark(Math.min(Math.max(this.at + step, 0), last));
    else if (key === "Home") this.mark(0);
    else if (key === "End") this.mark(last);
    else if ((key === "Enter" || key === " ") && this.rows[this.at]) this.take(this.rows[this.at]);
    else if (key === "Escape") this.unmark();
    else return;
    event.preventDefault();
  }

  mark(at) {
    if (!this.rows[at] || !this.chart) return;
    this.unmark();
    this.at = at;
    this.plot.setAttribute("aria-activedescendant", `${this.plot.id}-${at}`);
    const series = this.chart.getOption().series.findIndex(({ type }) => type !== "custom");
    this.chart.dispatchAction({ type: "highlight", dataIndex: at, ...(series ? { seriesIndex: series } : {}) });
    // Bars have their numbers beside them; a tip would only cover the next one.
    if (this.hasTip) this.chart.dispatchAction({ type: "showTip", seriesIndex: series, dataIndex: at });
  }

  unmark() {
    this.plot.removeAttribute("aria-activedescendant");
    this.chart?.dispatchAction({ type: "downplay" });
    this.chart?.dispatchAction({ type: "hideTip" });
  }
}

function tableOf(title, head, cells) {
  const number = (nth) => (nth ? "number" : "");
  return element("table", { className: "dense" },
    element("caption", { className: "unseen", textContent: title }),
    element("thead", {}, element("tr", {}, ...head.map((text, nth) =>
      element("th", { scope: "col", className: number(nth), textContent: text })))),
    element("tbody", {}, ...cells.map(([first, ...rest]) => element("tr", {},
      element("th", { scope: "row", textContent: first }),
      ...rest.map((text) => element("td", { className: "number", textContent: text }))))));
}

// Draws charts, sends a form when a choice in it changes, closes the menu on a narrow screen. No words, no rules.
"use strict";

const FORMATS = {
  count: new Intl.NumberFormat("en", { maximumFractionDigits: 2 }),
  amount: new Intl.NumberFormat("en", { maximumFractionDigits: 2 }),
  percent: new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 }),
};
const DAY = /^\d{4}-\d\d(-\d\d)?$/; // which no line may break
const LEAST_HEIGHT = 16; // rem, of a chart
const LEAST_FIELD = 34; // pixels of a map's field in which a figure can be read
const COLOURS = ["#0b5c7a", "#c2570c", "#3f7d20", "#7a3e9d", "#b3261e", "#8a6d00", "#2f6fb7", "#5f6b73"];

function draw(place) {
  const option = JSON.parse(place.dataset.option);
  const format = FORMATS[option.format] || FORMATS.count;
  const told = (own) => (value) => (typeof value === "number" ? own.format(value) : value ?? "–");
  const styled = ({ format: own, ...axis }, name) => {
    const label = { color: "#3b474f", hideOverlap: true };
    if (axis.type === "value") label.formatter = told(FORMATS[own] || format);
    else if (name === "xAxis" && axis.data.length <= 10 && !axis.data.every((each) => DAY.test(each))) {
      const width = (place.clientWidth - 60) / axis.data.length;
      Object.assign(label, { interval: 0, hideOverlap: false, overflow: "break", width, fontSize: width < 52 ? 10 : 12 });
    }
    return { axisLabel: label, ...axis };
  };
  if (option.wide) place.closest(".figure").classList.add("wide");
  if (option.height > LEAST_HEIGHT) place.style.height = `${option.height}rem`;
  delete option.format;
  delete option.height;
  delete option.wide;
  for (const name of ["xAxis", "yAxis"]) {
    if (option[name]) option[name] = Array.isArray(option[name]) ? option[name].map((each) => styled(each, name)) : styled(option[name], name);
  }
  for (const series of option.series) {
    if (series.format) series.tooltip = { valueFormatter: told(FORMATS[series.format]) };
    if (series.type === "heatmap") {
      const show = series.label.show && (place.clientWidth - 100) / option.xAxis.data.length > LEAST_FIELD;
      series.label = { show, color: "#16222a", formatter: ({ value }) => format.format(value[2]) };
    }
  }
  const chart = echarts.init(place, null, { renderer: "canvas" });
  chart.setOption({
    color: COLOURS,
    animation: false,
    textStyle: { fontFamily: "inherit" },
    tooltip: {
      trigger: option.xAxis && option.series[0].type !== "heatmap" ? "axis" : "item",
      renderMode: "richText",
      confine: true,
      valueFormatter: (value) => {
        const figure = Array.isArray(value) ? value[2] : value;
        return typeof figure === "number" ? format.format(figure) : "–";
      },
    },
    ...option,
  });
  new ResizeObserver(() => chart.resize()).observe(place);
}

function prepare(root) {
  root.querySelectorAll(".chart[data-option]").forEach((place) => {
    if (!echarts.getInstanceByDom(place)) draw(place);
  });
}

document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-submit]")) event.target.form.requestSubmit();
});
document.addEventListener("DOMContentLoaded", () => {
  if (window.matchMedia("(max-width: 60rem)").matches) document.querySelector("details.menu").open = false;
  prepare(document);
});
document.addEventListener("htmx:afterSettle", (event) => prepare(event.target));

/** Accuracy and loss over rounds as one uPlot chart with two scales, in the page's own colours. */
import uPlot from "./uplot.js";

/** @import { TrainRound } from "../api/contract/jobs/train.ts" */

const HEIGHT = 190;

/** @param {string} name of a CSS variable */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/**
 * @param {number} rounds planned, for the length of the axis
 * @returns {{ element: HTMLElement, show(records: readonly TrainRound[]): void, remove(): void }}
 */
export function curves(rounds) {
  const element = document.createElement("div");
  element.className = "chart";
  /** @type {uPlot | undefined} */
  let plot;
  /** @type {readonly TrainRound[]} */
  let records = [];

  const build = () => {
    plot?.destroy();
    plot = new uPlot(options(element.clientWidth, rounds), columns(records), element);
  };
  const resized = new ResizeObserver(() => {
    if (element.clientWidth === 0) return;
    if (plot === undefined) build();
    else plot.setSize({ width: element.clientWidth, height: HEIGHT });
  });
  resized.observe(element);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", build);

  return {
    element,
    show(next) {
      records = next;
      plot?.setData(columns(records));
    },
    remove() {
      resized.disconnect();
      scheme.removeEventListener("change", build);
      plot?.destroy();
    },
  };
}

/** @param {readonly TrainRound[]} records @returns {uPlot.AlignedData} */
function columns(records) {
  return [
    records.map(({ round }) => round),
    records.map(({ metrics }) => metrics.accuracy),
    records.map(({ metrics }) => metrics.loss),
  ];
}

/** @param {number} width @param {number} rounds @returns {uPlot.Options} */
function options(width, rounds) {
  const axis = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  /** @param {string} label @param {string} scale @param {string} stroke @returns {uPlot.Series} */
  const line = (label, scale, stroke) => ({
    label,
    scale,
    stroke,
    width: 2,
    points: { show: true, size: 6, width: 2, stroke, fill: colour("--card") },
  });
  return {
    width: Math.max(width, 200),
    height: HEIGHT,
    padding: [10, 4, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 9 } },
    scales: {
      x: { time: false, range: [0.8, Math.max(rounds, 2) + 0.2] },
      accuracy: { range: (_plot, low) => [Math.min(0.5, Math.floor(10 * (low ?? 0)) / 10), 1] },
      loss: { range: (_plot, _low, high) => [0, Math.max(0.1, 1.15 * (high ?? 1))] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
      },
      {
        ...axis,
        scale: "accuracy",
        size: 48,
        values: (_plot, values) => values.map((value) => `${Math.round(100 * value)} %`),
      },
      {
        ...axis,
        scale: "loss",
        side: 1,
        size: 40,
        grid: { show: false },
        values: (_plot, values, _axis, _space, step) =>
          values.map((value) => value.toFixed(decimalsOf(step))),
      },
    ],
    series: [
      {},
      line("accuracy", "accuracy", colour("--accent")),
      line("loss", "loss", colour("--second")),
    ],
  };
}

/** The number of decimals with which a step, and so every tick, is written in full. @param {number} step */
export function decimalsOf(step) {
  let decimals = 0;
  // A step of 0.25 needs two decimals, although the next smaller power of ten is 0.1.
  while (decimals < 6 && Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) > 1e-6)
    decimals++;
  return decimals;
}

/** Jobs that train: accuracy and loss over rounds, participants with their shards, a model in the end. */
import { curves } from "./chart.js";
import { card, h, table } from "./dom.js";
import { downloadLinks } from "./download-links.js";
import { bytes, count, duration, percent, plural, poml, short } from "./format.js";
import { store } from "./store.js";

/** @import { TrainDetail, TrainRound, TrainSpecJson } from "../api/contract/jobs/train.ts" */
/** @import { Graph, JobView } from "./job-kinds.js" */

/** @type {JobView<"train">} */
export const trainView = {
  working: "training",
  progress: ({ recordedRounds, rounds }) => `${recordedRounds} / ${rounds} rounds`,
  result: ({ metrics }) => (metrics === undefined ? "–" : percent(metrics.accuracy)),
  recordResult: ({ metrics }) => `${percent(metrics.accuracy, 2)}, loss ${metrics.loss.toFixed(4)}`,
  about: ({ spec }) => `${spec.engine} engine, ${count(spec.parameterCount)} parameters`,
  figures,
  graph,
  participant,
  history,
  price: ({ spec }) => `${poml(spec.pricePerSample)} per sample step`,
  results,
  order,
};

/** @type {JobView<"train">["figures"]} */
function figures(job, rounds) {
  const last = rounds.at(-1);
  const hasFigures = last !== undefined || job.outcome.state === "running";
  /** @param {(round: TrainRound) => string} write */
  const ofLast = (write) => (last === undefined ? "–" : write(last));
  /** @type {[string, string][]} */
  const metrics = [
    [ofLast((round) => percent(round.metrics.accuracy)), "test accuracy"],
    [ofLast((round) => round.metrics.loss.toFixed(3)), "loss"],
    [ofLast((round) => percent(round.metrics.f1)), "F1"],
    [ofLast((round) => duration(round.durationMs)), "last round"],
  ];
  return [
    [`${job.recordedRounds} / ${job.rounds}`, "rounds recorded"],
    ...(hasFigures ? metrics : []),
  ];
}

/** @param {TrainDetail} job @returns {Graph<"train">} */
function graph(job) {
  const chart = curves(job.rounds);
  const legend = h(
    "div",
    { class: "legend" },
    h("span", {}, h("i", { class: "line" }), "accuracy"),
    h("span", { class: "second" }, h("i", { class: "line" }), "loss"),
    h("span", {}, "per round, on the test set"),
  );
  return {
    element: h("div", {}, chart.element, legend),
    show: (_, rounds) => chart.show(rounds),
    remove: () => chart.remove(),
  };
}

/** @type {JobView<"train">["participant"]} */
function participant(job, rounds, { node, paidRounds, earned, fault, missed, ...one }) {
  if (job.outcome.state !== "running") {
    if (fault !== undefined) return { share: 0, state: `unpaid: ${fault}` };
    if (paidRounds === 0) return { share: 0, state: "no paid round" };
    const share = rounds.length === 0 ? 0 : paidRounds / rounds.length;
    return { share, state: `${plural(paidRounds, "round")}, ${poml(earned)}` };
  }
  if (one.committed) {
    return { share: 1, state: `${duration(one.trainMs)}, ${bytes(one.updateBytes)}` };
  }
  const live = store.training.get(`${job.id} ${node}`);
  if (live !== undefined && live.round === job.round) {
    return {
      share: live.step / Math.max(1, live.steps),
      state: `step ${live.step} of ${live.steps}`,
    };
  }
  if (missed > 0) return { share: 0, state: `missed ${missed}` };
  return { share: 0, state: job.phase === "training" ? "training" : "waiting" };
}

/** @param {readonly TrainRound[]} rounds */
function history(rounds) {
  const rows = [...rounds].reverse().map((round) => ({
    cells: [
      count(round.round),
      percent(round.metrics.accuracy, 2),
      round.metrics.loss.toFixed(4),
      percent(round.metrics.precision),
      percent(round.metrics.recall),
      percent(round.metrics.f1),
      duration(round.durationMs),
      `${round.contributions.length} updates, ${bytes(sum(round.contributions))}`,
      round.managerName ?? `node ${round.manager}`,
      h("a", { href: `#/blocks/${round.height}` }, `#${count(round.height)}`),
    ],
  }));
  const heads = ["Round", ">Accuracy", ">Loss", "~>Precision", "~>Recall", "~>F1"];
  const rest = [">Took", "~>Received", "~Manager", ">Block"];
  return card("Rounds", "as recorded in blocks", table([...heads, ...rest], rows));
}

/** @param {readonly { updateBytes: number }[]} contributions */
function sum(contributions) {
  return contributions.reduce((total, { updateBytes }) => total + updateBytes, 0);
}

/** @param {TrainDetail} job */
function results(job) {
  if (!job.hasModel) return ["No round was recorded, so there is no model to fetch."];
  const early = h("span", { class: "muted" }, `of round ${job.recordedRounds}:`);
  return [
    job.outcome.state !== "done" && early,
    ...downloadLinks(job.id, {
      "model.json": "model/model.json",
      "weights.bin": "model/weights.bin",
      "dataset.json": "model/dataset.json",
      "certificate.json": "certificate",
    }),
  ];
}

/** @param {TrainSpecJson} spec */
function aggregationText({ aggregation, quorum, participants }) {
  const { rule, hostile, clip, bucket } = aggregation;
  /** @type {string[]} */
  const parts = [rule];
  if (hostile !== undefined) parts.push(`${percent(hostile)} taken to be hostile`);
  if (clip !== undefined) parts.push(`cut to length ${clip}`);
  if (bucket > 1) parts.push(`in buckets of ${bucket}`);
  return `${parts.join(", ")}; quorum ${quorum} of ${participants}`;
}

/** @param {TrainSpecJson["optimizer"] | TrainSpecJson["server"]} optimizer */
function optimizerText({ kind, ...settings }) {
  const used = Object.entries(settings).filter(([, value]) => value !== 0);
  return `${kind}: ${used.map(([name, value]) => `${name} ${value}`).join(", ")}`;
}

/** @type {JobView<"train">["order"]} */
function order({ spec, parameters }) {
  /** @param {string} value */
  const hash = (value) => h("span", { class: "mono", title: value }, short(value));
  return [
    ["Rows", `${count(spec.trainRows)} to train on, ${count(spec.testRows)} to test`],
    ["Training", `${plural(spec.localEpochs, "epoch")} a round, batches of ${spec.batchSize}`],
    ["Optimizer", optimizerText(spec.optimizer)],
    ["Loss", spec.loss],
    ["Partition", spec.partition],
    ["Aggregation", aggregationText(spec)],
    ["Server", optimizerText(spec.server)],
    ["Model", hash(spec.model)],
    ["Dataset", hash(spec.dataset)],
    ["Parameters", hash(parameters)],
  ];
}

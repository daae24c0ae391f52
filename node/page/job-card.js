/** A job with its figures, curve and participants, live. The job page adds the rest around it. */
import { get, getRounds, isUnknown, reasonOf } from "./api.js";
import { curves } from "./chart.js";
import { h, meter } from "./dom.js";
import { bytes, count, duration, percent, plural, poml } from "./format.js";
import { outcomeChip, outcomeNote } from "./outcome.js";
import { patch } from "./patch.js";
import { listen, store } from "./store.js";

/** @import { JobDetail, RoundJson } from "../api/contract/job.ts" */

const REFRESH_MS = 400;

/**
 * @param {string} id
 * @param {{
 *   heading?: "h1" | "h2",
 *   onData?: (job: JobDetail, rounds: readonly RoundJson[]) => void,
 *   onMissing?: (message: string) => void,
 * }} [options]
 */
export function jobCard(id, { heading = "h2", onData, onMissing } = {}) {
  const element = h("section", { class: "card" }, h("p", { class: "empty" }, "Reading the job…"));
  /** @type {ReturnType<typeof curves> | undefined} */
  let chart;
  /** @type {JobDetail | undefined} */
  let job;
  /** @type {readonly RoundJson[]} */
  let records = [];
  const head = h("div");
  const graph = h("div");
  const people = h("div", { class: "people" });
  let isBuilt = false;
  let timer = 0;
  let removed = false;

  async function load() {
    timer = 0;
    try {
      const [next, rounds] = await Promise.all([get("/v1/jobs/{id}", { id }), getRounds(id)]);
      if (!removed) show(next, rounds);
    } catch (error) {
      const reason = reasonOf(error);
      if (isUnknown(error) && onMissing !== undefined) return onMissing(reason);
      element.replaceChildren(h("p", { class: "bad" }, reason));
      chart?.remove();
      chart = undefined;
      isBuilt = false;
    }
  }

  /** @param {JobDetail} next @param {readonly RoundJson[]} rounds */
  function show(next, rounds) {
    job = next;
    records = rounds;
    if (!isBuilt) element.replaceChildren(head, graph, people);
    isBuilt = true;
    // Without a round there is nothing to draw, and without a chance of one there will not be.
    if (chart === undefined && (rounds.length > 0 || isRunning(next))) {
      chart = curves(next.rounds);
      graph.replaceChildren(chart.element, legend());
    }
    patch(head, headOf(next, rounds, heading));
    chart?.show(rounds);
    showPeople(next);
    onData?.(next, rounds);
  }

  /** @param {JobDetail} of */
  function showPeople(of) {
    const rows = of.participants.map((one) => person(one, progressOf(of, records.length, one)));
    patch(people, rows);
  }

  const stop = listen((change) => {
    if (change.topic === "jobs" && (change.id ?? id) === id && timer === 0) {
      timer = window.setTimeout(load, REFRESH_MS);
    }
    if (change.topic === "training" && change.data.job === id && job !== undefined) showPeople(job);
  });
  void load();

  return {
    id,
    element,
    remove() {
      removed = true;
      stop();
      clearTimeout(timer);
      chart?.remove();
    },
  };
}

/** @param {JobDetail} job */
function isRunning(job) {
  return job.outcome.state === "running";
}

/** @param {JobDetail} job @param {readonly RoundJson[]} rounds @param {"h1" | "h2"} heading */
function headOf(job, rounds, heading) {
  const last = rounds.at(-1);
  const hasFigures = last !== undefined || isRunning(job);
  return [
    h(
      "div",
      { class: "headline" },
      h(heading, {}, heading === "h2" ? h("a", { href: `#/jobs/${job.id}` }, job.name) : job.name),
      outcomeChip(job),
      h(
        "span",
        { class: "muted" },
        `${job.spec.engine} engine, ${count(job.spec.parameterCount)} parameters`,
      ),
    ),
    outcomeNote(job),
    h(
      "div",
      { class: "figures" },
      figure(`${job.recordedRounds} / ${job.rounds}`, "rounds recorded"),
      hasFigures &&
        figure(last === undefined ? "–" : percent(last.metrics.accuracy), "test accuracy"),
      hasFigures && figure(last === undefined ? "–" : last.metrics.loss.toFixed(3), "loss"),
      hasFigures && figure(last === undefined ? "–" : percent(last.metrics.f1), "F1"),
      hasFigures && figure(last === undefined ? "–" : duration(last.durationMs), "last round"),
      figure(poml(job.escrow), "escrow"),
    ),
  ];
}

/** @param {string} value @param {string} name */
function figure(value, name) {
  return h("div", { class: "figure" }, h("b", {}, value), h("span", {}, name));
}

function legend() {
  return h(
    "div",
    { class: "legend" },
    h("span", {}, h("i", { class: "line" }), "accuracy"),
    h("span", { class: "second" }, h("i", { class: "line" }), "loss"),
    h("span", {}, "per round, on the test set"),
  );
}

/** @param {JobDetail["participants"][number]} participant @param {{ share: number, state: string }} progress */
function person(participant, { share, state }) {
  const name = participant.name || `node ${participant.node}`;
  return h(
    "div",
    { "data-key": participant.node },
    h("span", { class: "name" }, name),
    meter(share, `progress of ${name}`, share === 1 ? "good" : ""),
    h("span", { class: "state" }, state),
  );
}

/**
 * @param {JobDetail} job
 * @param {number} recorded rounds so far
 * @param {JobDetail["participants"][number]} participant
 */
function progressOf(job, recorded, participant) {
  if (!isRunning(job)) {
    const { paidRounds, earned, fault } = participant;
    if (fault !== undefined) return { share: 0, state: `unpaid: ${fault}` };
    if (paidRounds === 0) return { share: 0, state: "no paid round" };
    const share = recorded === 0 ? 0 : paidRounds / recorded;
    return { share, state: `${plural(paidRounds, "round")}, ${poml(earned)}` };
  }
  if (participant.committed) {
    return {
      share: 1,
      state: `${duration(participant.trainMs)}, ${bytes(participant.updateBytes)}`,
    };
  }
  const live = store.training.get(`${job.id} ${participant.node}`);
  if (live !== undefined && live.round === job.round) {
    return {
      share: live.step / Math.max(1, live.steps),
      state: `step ${live.step} of ${live.steps}`,
    };
  }
  if (participant.missed > 0) return { share: 0, state: `missed ${participant.missed}` };
  return { share: 0, state: job.phase === "training" ? "training" : "waiting" };
}

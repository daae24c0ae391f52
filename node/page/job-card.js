/** A job with its figures, graph and participants, live. The job page adds the rest around it. */
import { get, getRounds, isUnknown, reasonOf } from "./api.js";
import { h, meter } from "./dom.js";
import { poml } from "./format.js";
import { viewOf } from "./job-kinds.js";
import { outcomeChip, outcomeNote } from "./outcome.js";
import { patch } from "./patch.js";
import { listen } from "./store.js";

/** @import { JobDetail, RoundJson } from "../api/contract/jobs/job.ts" */
/** @import { Graph } from "./job-kinds.js" */

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
  /** @type {Graph<JobDetail["kind"]> | undefined} */
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
    // Without a round there is nothing to draw; a job that has ended will not have one any more.
    if (chart === undefined && (rounds.length > 0 || isRunning(next))) {
      chart = viewOf(next).graph(next);
      graph.replaceChildren(chart.element);
    }
    patch(head, headOf(next, rounds, heading));
    chart?.show(next, rounds);
    showPeople(next);
    onData?.(next, rounds);
  }

  /** @param {JobDetail} of */
  function showPeople(of) {
    const view = viewOf(of);
    const rows = of.participants.map((one) => person(one, view.participant(of, records, one)));
    patch(people, rows);
  }

  const stop = listen((change) => {
    const isOfJob = change.topic === "jobs" && (change.id ?? id) === id;
    // A round under way makes progress between blocks; the page asks the node for it at each block.
    const isOfRound = change.topic === "blocks" && hasLive(job);
    if ((isOfJob || isOfRound) && timer === 0) timer = window.setTimeout(load, REFRESH_MS);
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

/** @param {JobDetail | undefined} job */
function hasLive(job) {
  return job?.kind === "search" && job.live !== undefined && isRunning(job);
}

/** @param {JobDetail} job */
function isRunning(job) {
  return job.outcome.state === "running";
}

/** @param {JobDetail} job @param {readonly RoundJson[]} rounds @param {"h1" | "h2"} heading */
function headOf(job, rounds, heading) {
  const view = viewOf(job);
  const figures = view.figures(job, rounds).map(([value, name]) => figure(value, name));
  return [
    h(
      "div",
      { class: "headline" },
      h(heading, {}, heading === "h2" ? h("a", { href: `#/jobs/${job.id}` }, job.name) : job.name),
      outcomeChip(job),
      h("span", { class: "muted" }, view.about(job)),
    ),
    outcomeNote(job),
    h("div", { class: "figures" }, figures, figure(poml(job.escrow), "escrow")),
  ];
}

/** @param {string} value @param {string} name */
function figure(value, name) {
  return h("div", { class: "figure" }, h("b", {}, value), h("span", {}, name));
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

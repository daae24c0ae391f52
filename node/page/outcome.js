/** How a job stands or ended, as a chip and as a sentence. */
import { h } from "./dom.js";
import { viewOf } from "./job-kinds.js";
import { withCode } from "./notices.js";

/** @import { JobKind } from "../../chain/types/job.ts" */
/** @import { OutcomeJson } from "../api/contract/jobs/frame.ts" */

/** @param {{ kind: JobKind, outcome: OutcomeJson, phase: string }} job */
export function outcomeChip({ kind, outcome, phase }) {
  const { state } = outcome;
  const stage = phase === "training" ? viewOf({ kind }).working : phase;
  const word = state === "running" ? stage : state === "undrawn" ? "not drawn" : state;
  return h("span", { class: "chip", "data-outcome": state }, word);
}

/** Why a job failed, and what to do; for other jobs only how it stands. @param {{ outcome: OutcomeJson }} job */
export function outcomeNote({ outcome }) {
  const { state, reason, remedy } = outcome;
  if (state === "done" || state === "running") return h("p", { class: "muted" }, reason);
  return h(
    "div",
    { class: "notice", "data-level": state === "failed" ? "problem" : "note" },
    h("strong", {}, reason),
    remedy !== undefined && " ",
    remedy !== undefined && h("span", {}, ...withCode(`${capital(remedy)}.`)),
  );
}

/** @param {string} text */
function capital(text) {
  return text.startsWith("`") ? text : text.slice(0, 1).toUpperCase() + text.slice(1);
}

/**
 * The client stops its job; recorded rounds are paid, the rest of the escrow returns at settlement.
 * Not while updates are being revealed: it would have the round's work for nothing.
 */
import { equalBytes } from "../crypto/hash.ts";
import { findJob, requirePhase } from "../job/find.ts";
import { end } from "../job/phase.ts";
import { type Rule, refuse } from "./rule.ts";

export const jobCancel: Rule<"job-cancel"> = {
  apply(state, payload, { address }) {
    const { index, job } = findJob(state, payload.job);
    requirePhase(job, "drawing", "training");
    if (!equalBytes(job.client, address)) {
      refuse("only the client that opened a job cancels it", {
        code: "NOT_ASSIGNED",
        duty: "job-cancel",
      });
    }
    state.jobs.set(index, end(job, "cancelled", state.height));
  },
};

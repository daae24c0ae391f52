/** What is said of searches. */
import { phaseOf } from "../../../chain/job/phase.ts";
import type { Job } from "../../../chain/types/job.ts";
import { searchProgress } from "../../../chain/workload/search/search-of.ts";
import type { OutcomeTexts } from "../outcome-texts.ts";

export const SEARCH_TEXTS: OutcomeTexts = {
  complete: (job) => `All of its nonces are searched; ${findsOf(job)}.`,
  target: (job) => `It has found what it searched for in ${roundName(job)}: ${findsOf(job)}.`,
  working: ({ round }) => `Round ${round} is being searched`,
  merging: (job) => `What was searched in ${roundName(job)} is being put together`,
  roundName,
  whatIsLeft: (job) =>
    `There are ${findsOf(job)}; the unused escrow ${phaseOf(job) === "settled" ? "came" : "comes"} back.`,
  steadier: "order it again, which draws other nodes",
  ifDeclined: "order with an algorithm that more owners allow",
  ifImpossible: "check the algorithm with `npx poml algorithm check` before it is ordered",
};

function roundName({ round }: Job): string {
  return `round ${round}`;
}

function findsOf(job: Job): string {
  const { length } = searchProgress(job).finds;
  return length === 0 ? "no finds" : length === 1 ? "1 find" : `${length} finds`;
}

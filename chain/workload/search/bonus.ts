/**
 * Who shares the bonus for finds. A find is a digest that anybody can check, but its nonce proves no search: so a node
 * whose claims an audit proved false gets none, though its find stands.
 */
import { isOut } from "../../job/phase.ts";
import type { Job } from "../../types/job.ts";
import { searchProgress } from "./search-of.ts";

/** Nodes with an equal share each; a node has as many as it has finds that count. */
export function bonusShares(job: Job): number[] {
  const out = new Set(job.participants.filter(isOut).map(({ node }) => node));
  return searchProgress(job)
    .finds.map(({ node }) => node)
    .filter((node) => !out.has(node));
}

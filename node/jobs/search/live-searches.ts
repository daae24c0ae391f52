/** What this node sees of searches while their rounds are under way, for the API. */
import type { Job } from "../../../chain/types/job.ts";
import { runName } from "../checkpoint-keeper.ts";
import type { LeaseTable } from "./leases/lease-table.ts";
import { type Spans, sizeOf, spanSize, spansOf, without } from "./leases/span.ts";
import type { LeaseStep } from "./leases/step.ts";
import type { LiveSearch, LiveSource } from "./live-search.ts";

type Round = Pick<Job, "id" | "round">;

export class LiveSearches {
  readonly #sources = new Map<string, Set<LiveSource>>();

  /** @returns what ends it */
  watch({ id, round }: Round, source: LiveSource): () => void {
    const key = runName(id, round);
    const sources = this.#sources.get(key) ?? new Set();
    this.#sources.set(key, sources.add(source));
    return () => {
      sources.delete(source);
      if (sources.size === 0 && this.#sources.get(key) === sources) this.#sources.delete(key);
    };
  }

  /** @returns undefined where this node has no part in the round */
  of({ id, round }: Round): LiveSearch | undefined {
    const seen = [...(this.#sources.get(runName(id, round)) ?? [])].map((source) => source.live());
    return seen.find(({ seenBy }) => seenBy === "team") ?? seen[0];
  }
}

/**
 * The round as a table of leases has it.
 * @param open units that were open when the round began
 */
export function liveOfTable(
  table: LeaseTable,
  open: Spans,
  unitsPerSecond: (node: number) => number,
): LiveSearch {
  const { pieces } = table.open;
  const holders = table.leases.filter(({ isOver }) => !isOver).map(({ node }) => node);
  const nodes = [...new Set([...table.owners(), ...holders])].sort((a, b) => a - b);
  return {
    seenBy: "team",
    searched: without(open, spansOf(pieces)),
    leased: spansOf(pieces.filter(({ lease }) => lease !== 0)),
    nodes: nodes.map((node) => {
      const { first, repeated } = table.owned(node);
      return {
        node,
        units: sizeOf(first) + sizeOf(repeated),
        unitsPerSecond: unitsPerSecond(node),
      };
    }),
  };
}

/** The work that a step of the log tells of, to be asked before the table takes the step in. */
export function workOf(
  step: LeaseStep,
  table: Pick<LeaseTable, "lease">,
): { readonly node: number; readonly units: number } | undefined {
  if (step.kind === "part") return { node: step.node, units: spanSize(step) };
  if (step.kind !== "progress") return undefined;
  const lease = table.lease(step.lease);
  return lease && { node: lease.node, units: Math.max(0, step.to - lease.at) };
}

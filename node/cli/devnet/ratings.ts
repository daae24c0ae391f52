/**
 * Waits for the ratings by which the nodes for the demo's job are drawn. The founders have theirs from the genesis. A
 * newcomer gets its rating in the first window, unless the machine is too busy, and can be drawn some epochs later; if
 * it gets none, the job starts without it.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { NodeJson, Status } from "../../api/contract/network.ts";
import { CliError, EXIT } from "../exit-codes.ts";

const DEADLINE_MS = 120_000;
const POLL_MS = 250;

export interface RatingSource {
  nodes(): Promise<{ readonly nodes: NodeJson[] }>;
}

export interface RatedNodes {
  readonly rated: readonly NodeJson[];
  /** Names of nodes without a rating, whether they are registered or not. */
  readonly unrated: readonly string[];
}

/**
 * @param names of all nodes that run
 * @returns once all are rated or the first window is over, and those rated can be drawn; or the wait is over
 * @throws CliError NOT_RATED when nobody is
 */
export async function untilRated(
  source: RatingSource,
  names: readonly string[],
  {
    signal,
    deadlineMs = DEADLINE_MS,
  }: { readonly signal: AbortSignal; readonly deadlineMs?: number },
): Promise<RatedNodes> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const { nodes } = await source.nodes();
    const rated = nodes.filter(({ weight }) => BigInt(weight) > 0n);
    const unrated = names.filter((name) => !rated.some((node) => node.name === name));
    const isWindowOver = nodes.some(({ lastWindow }) => lastWindow > 0);
    const isKnown = unrated.length === 0 || (rated.length > 0 && isWindowOver);
    if (isKnown && rated.every(({ drawable }) => drawable)) return { rated, unrated };
    if (performance.now() > end) {
      if (rated.length > 0) return { rated, unrated };
      throw new CliError(
        `no node is rated after ${Math.round(deadlineMs / 1000)} s`,
        { code: "NOT_RATED", exit: EXIT.failure },
        "end what else keeps this machine busy and try again; the logs of the nodes have the details",
      );
    }
    await delay(POLL_MS, undefined, { signal });
  }
}

/** Why a node has no rating, according to the node itself. */
export function unratedText(name: string, { lastWindow }: Pick<Status, "lastWindow">): string {
  const cause =
    lastWindow === undefined
      ? "it was not part of a benchmark window yet"
      : (lastWindow.disturbed ?? `it finished ${lastWindow.segments} segments in its first window`);
  return `${name} is not rated yet: ${cause}. The job goes on without it.`;
}

/**
 * Which part of their claims the log of leases gives to nodes. It grows while a member of the team waits for it, so what
 * was found given is not looked for again.
 */
import type { Spans } from "./leases/span.ts";

export interface ClaimedRuns {
  readonly node: number;
  readonly runs: Spans;
}

/** Units that a node may claim, by the log. */
export type OwnedBy = (node: number) => Spans;

export class GivenClaims {
  readonly #claims: { readonly node: number; readonly runs: Spans; at: number }[];

  constructor(claims: readonly ClaimedRuns[]) {
    this.#claims = claims.map(({ node, runs }) => ({ node, runs, at: 0 }));
  }

  /** Whether the log gives all nodes all that they claim. */
  areAll(ownedBy: OwnedBy): boolean {
    return this.#claims.every((claim) => {
      if (claim.at < claim.runs.length) claim.at = given(claim.runs, ownedBy(claim.node), claim.at);
      return claim.at === claim.runs.length;
    });
  }
}

export function isGiven({ node, runs }: ClaimedRuns, ownedBy: OwnedBy): boolean {
  return given(runs, ownedBy(node), 0) === runs.length;
}

/** How many of the first runs lie in what is owned; those before `from` are known to. */
function given(runs: Spans, owned: Spans, from: number): number {
  let around = 0;
  for (let at = from; at < runs.length; at++) {
    const run = runs[at];
    if (run === undefined) return at;
    while ((owned[around]?.to ?? run.to) < run.to) around++;
    const span = owned[around];
    if (span === undefined || run.from < span.from || run.to > span.to) return at;
  }
  return runs.length;
}

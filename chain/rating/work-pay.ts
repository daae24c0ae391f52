/**
 * What verified work earns of the pot, and those who verified it. A match earns its part of what the claim earns; an
 * accusation, and silence, earn nothing, and what they did not earn waits in the pot. So it pays to replay and to say
 * what came of it, and whoever is kept from that loses nothing else. Silence of others brings a claimant nothing.
 */
import { MILLION } from "../millionths.ts";
import type { State } from "../state/state.ts";
import { payWorkReward, type WorkShare } from "../supply/emission.ts";
import type { WindowClaim } from "../types/window.ts";
import { MATCH } from "./verdict.ts";

export interface VerifiedClaim {
  readonly claim: WindowClaim;
  /** What the claim counts among all. */
  readonly share: bigint;
}

export function payForWork(state: State, verified: readonly VerifiedClaim[]): void {
  const total = verified.reduce((sum, { share }) => sum + share, 0n);
  const auditShare = BigInt(state.parameters.auditShare);
  const shares = new Map<number, bigint>();
  const add = ({ node, share }: WorkShare): void => {
    shares.set(node, (shares.get(node) ?? 0n) + share);
  };
  for (const { claim, share } of verified) {
    const forVerifiers = (share * auditShare) / MILLION;
    add({ node: claim.node, share: share - forVerifiers });
    const each = forVerifiers / BigInt(claim.checks.length);
    for (const { verifier, verdict } of claim.checks) {
      if (verdict === MATCH) add({ node: verifier, share: each });
    }
  }
  payWorkReward(
    state,
    total,
    Array.from(shares, ([node, share]) => ({ node, share })),
  );
}

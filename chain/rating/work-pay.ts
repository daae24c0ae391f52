/**
 * How the pot pays for verified work, and for verifying it. For a match a verifier earns its part of what the claim
 * earns. For an accusation or silence it earns nothing, and that part stays in the pot. So it pays to replay and to
 * report the result, and a verifier that is prevented from it loses nothing else. A claimant gains nothing from the
 * silence of others.
 */
import { MILLION } from "../millionths.ts";
import type { State } from "../state/state.ts";
import { payWorkReward, type WorkShare } from "../supply/emission.ts";
import type { WindowClaim } from "../types/window.ts";
import { MATCH } from "./verdict.ts";

export interface VerifiedClaim {
  readonly claim: WindowClaim;
  /** How much the claim counts among all claims. */
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

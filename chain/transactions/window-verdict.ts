/**
 * A drawn verifier reports what it found on the segments it replayed. It says `match` by naming the
 * end state it came to, which must be the claimed one: nobody can say so without having computed it.
 */
import { verifyMerkleProof } from "../proof/hash-tree.ts";
import { MATCH } from "../rating/checks.ts";
import { isUnderWay } from "../rating/window.ts";
import { VERDICTS } from "../types/node.ts";
import type { Finding } from "../types/transaction.ts";
import type { Check, WindowClaim } from "../types/window.ts";
import { type Rule, refuse, refuseField } from "./rule.ts";

export const windowVerdict: Rule<"window-verdict"> = {
  apply(state, { window, node, findings }, { sender }) {
    const at = state.claims.findIndex((claim) => claim.node === node);
    const claim = state.claims[at];
    if (!isUnderWay(state.window) || window !== state.window.number || claim === undefined) {
      refuse(`no claim of node ${node} in window ${window}`, { code: "NO_WINDOW", window });
    }
    const verifier = state.nodeIndex(sender);
    if (verifier === undefined) refuse("only a node verifies", { code: "UNKNOWN_NODE" });
    if (findings.length === 0) refuseField("findings", "at least one");
    let next = claim;
    for (const finding of findings) next = noted(next, finding, verifier);
    state.claims = state.claims.map((old, i) => (i === at ? next : old));
  },
};

/** Writes a finding beside every check of this verifier on this segment. */
function noted(claim: WindowClaim, finding: Finding, verifier: number): WindowClaim {
  const { lane, segment, verdict } = finding;
  if (verdict >= VERDICTS.length) refuseField("findings", `unknown verdict ${verdict}`);
  const isMine = (check: Check): boolean =>
    check.verifier === verifier && check.lane === lane && check.segment === segment;
  const mine = [...claim.checks, ...claim.appeal].filter(isMine);
  if (mine.length === 0) {
    refuse("not drawn to verify this segment", { code: "NOT_ASSIGNED", duty: "window-verdict" });
  }
  if (mine.every((check) => check.verdict !== 0)) {
    refuse("verdict given already", { code: "ALREADY_DONE", duty: "window-verdict" });
  }
  if (verdict + 1 === MATCH) checkMatch(claim, finding);
  const write = (checks: readonly Check[]): Check[] =>
    checks.map((check) =>
      isMine(check) && check.verdict === 0 ? { ...check, verdict: verdict + 1 } : check,
    );
  return { ...claim, checks: write(claim.checks), appeal: write(claim.appeal) };
}

function checkMatch(claim: WindowClaim, { lane, segment, endHash, path }: Finding): void {
  const claimed = claim.lanes[lane];
  const isProven =
    claimed !== undefined &&
    verifyMerkleProof(claimed.checkpointRoot, endHash, {
      index: segment + 1,
      count: claimed.segments + 1,
      siblings: path,
    });
  if (!isProven) refuseField("findings", "a match must name the claimed end state");
}

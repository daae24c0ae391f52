/**
 * The findings of a node on segments of a claim that it was drawn to replay. A match names the end state, which must be
 * the claimed one: no node can name it without having computed it. Members of a committee answer under seal. Once all
 * have answered, a match shows from what their seals should be made, and a mismatch shows from what the sender's seal
 * was made instead.
 */
import { explains } from "../committee/ruling.ts";
import { isOpened } from "../committee/seal.ts";
import { verifyMerkleProof } from "../proof/hash-tree.ts";
import { appealStages, areSealsIn } from "../rating/appeal.ts";
import { type Verdict, verdictCode } from "../rating/verdict.ts";
import { isUnderWay } from "../rating/window.ts";
import type { State } from "../state/state.ts";
import { refuse, refuseField } from "../transaction-error.ts";
import { VERDICTS } from "../types/node.ts";
import { ZERO_HASH } from "../types/primitive.ts";
import type { Finding } from "../types/transaction.ts";
import type { Appeal, AppealMember, Check, WindowClaim } from "../types/window.ts";
import type { Rule } from "./rule.ts";

const duty = "window-verdict";

export const windowVerdict: Rule<"window-verdict"> = {
  isDuty: true,
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
    for (const finding of findings) next = noted(state, next, finding, verifier);
    state.claims = state.claims.with(at, next);
  },
};

function noted(state: State, claim: WindowClaim, finding: Finding, from: number): WindowClaim {
  const { appeal } = claim;
  if (appeal.members.length === 0 || !isAt(appeal, finding)) {
    return { ...claim, checks: checked(state, claim, finding, from) };
  }
  return { ...claim, appeal: heard(state, claim, finding, from) };
}

function heard(state: State, claim: WindowClaim, finding: Finding, from: number): Appeal {
  switch (VERDICTS[finding.verdict]) {
    case "match":
      return opened(state, claim, finding, from);
    case "mismatch":
      return refuted(state, claim.appeal, finding, from);
    default:
      return sealed(state, claim.appeal, finding, from);
  }
}

/** Writes a finding into the check of this verifier on this segment. */
function checked(state: State, claim: WindowClaim, finding: Finding, from: number): Check[] {
  const verdict = verdictOf(finding, ["match", "mismatch", "not-served"]);
  const isMine = (check: Check): boolean => check.verifier === from && isAt(check, finding);
  const mine = claim.checks.find(isMine);
  if (mine === undefined) refuse("not drawn for this segment", { code: "NOT_ASSIGNED", duty });
  takeUntil(state, state.window.verdictsUntil);
  if (mine.verdict !== 0) refuse("verdict given already", { code: "ALREADY_DONE", duty });
  if (verdict === "match") checkMatch(claim, finding);
  return claim.checks.map((check) =>
    check === mine ? { ...check, verdict: verdictCode(verdict) } : check,
  );
}

/** Writes the answer of a member of the committee. */
function sealed(state: State, appeal: Appeal, finding: Finding, from: number): Appeal {
  const verdict = verdictOf(finding, ["sealed", "not-served"]);
  const mine = memberOf(appeal, from);
  if (mine === undefined)
    refuse("must be a member of the committee", { code: "NOT_ASSIGNED", duty });
  takeUntil(state, appealStages(appeal, state).sealsUntil);
  if (mine.verdict !== 0) refuse("verdict given already", { code: "ALREADY_DONE", duty });
  if (finding.path.length > 0) refuseField("findings", "must be empty in a committee's answer");
  const answered: AppealMember = {
    ...mine,
    verdict: verdictCode(verdict),
    seal: verdict === "sealed" ? finding.endHash : ZERO_HASH,
  };
  const members = appeal.members.map((member) => (member === mine ? answered : member));
  return { ...appeal, members };
}

/** The claimant or a member shows the claimed end state. */
function opened(state: State, claim: WindowClaim, finding: Finding, from: number): Appeal {
  const { appeal, node } = claim;
  if (from !== node && memberOf(appeal, from) === undefined) {
    refuse("must be the claimant or a member of the committee", { code: "NOT_ASSIGNED", duty });
  }
  requireSealed(state, appeal);
  if (isOpened(appeal)) refuse("shown already", { code: "ALREADY_DONE", duty });
  checkMatch(claim, finding);
  const next = { ...appeal, opened: finding.endHash };
  if (!isOpened(next)) refuseField("findings", "the shown end state must not be zero");
  return next;
}

/** A member shows from what its seal was made, if not from the claimed end state. */
function refuted(state: State, appeal: Appeal, { endHash, path }: Finding, from: number): Appeal {
  const mine = memberOf(appeal, from);
  if (mine === undefined)
    refuse("must be a member of the committee", { code: "NOT_ASSIGNED", duty });
  requireSealed(state, appeal);
  if (isOpened({ opened: mine.reached })) refuse("shown already", { code: "ALREADY_DONE", duty });
  if (path.length > 0) refuseField("findings", "must be empty for another state");
  const answer = { seal: mine.seal, publicKey: state.nodes.at(from).publicKey };
  if (!explains(endHash, answer))
    refuseField("findings", "is not the value from which the seal was made");
  const members = appeal.members.map((member) =>
    member === mine ? { ...mine, reached: endHash } : member,
  );
  return { ...appeal, members };
}

function requireSealed(state: State, appeal: Appeal): void {
  if (areSealsIn(appeal, state.height, state)) return;
  refuse("the committee has not answered yet", { code: "NO_WINDOW", window: state.window.number });
}

function isAt(place: { lane: number; segment: number }, { lane, segment }: Finding): boolean {
  return place.lane === lane && place.segment === segment;
}

function memberOf({ members }: Appeal, node: number): AppealMember | undefined {
  return members.find(({ verifier }) => verifier === node);
}

function verdictOf({ verdict }: Finding, allowed: readonly Verdict[]): Verdict {
  const name = VERDICTS[verdict];
  if (name === undefined || !allowed.includes(name)) {
    refuseField("findings", `${allowed.join(", ")} are taken here, got ${name ?? verdict}`);
  }
  return name;
}

function takeUntil({ height, window }: State, last: number): void {
  if (height <= last) return;
  refuse(`takes no findings at height ${height}`, { code: "NO_WINDOW", window: window.number });
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

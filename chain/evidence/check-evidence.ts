/**
 * All checks of evidence except its signatures (verify-evidence.ts): form, accused, age. A message counts whether or
 * not its signer had a seat at that time, because no honest node signs such a pair.
 */
import { equalBytes } from "../crypto/hash.ts";
import type { State } from "../state/state.ts";
import type {
  Amnesia,
  DuplicateClaim,
  DuplicateProposal,
  DuplicateVote,
  Evidence,
  EvidenceKind,
} from "../types/evidence.ts";
import { EVIDENCE_KINDS } from "../types/evidence.ts";
import { isExpired } from "./age.ts";
import { checkAmnesia } from "./amnesia.ts";
import { checkDuplicateClaim, claimOf } from "./duplicate-claim.ts";
import { checkDuplicateProposal } from "./duplicate-proposal.ts";
import { checkDuplicateVote } from "./duplicate-vote.ts";
import { InvalidEvidence, unrelated } from "./evidence-error.ts";

/** A decoded proof, by its kind; selector and value always belong together. */
export type KnownProof =
  | { readonly kind: "duplicate-vote"; readonly value: DuplicateVote }
  | { readonly kind: "duplicate-proposal"; readonly value: DuplicateProposal }
  | { readonly kind: "duplicate-claim"; readonly value: DuplicateClaim }
  | { readonly kind: "amnesia"; readonly value: Amnesia };

export function proofOf({ proof }: Evidence): KnownProof {
  const kind = EVIDENCE_KINDS[proof.selector];
  if (kind === undefined) throw new RangeError(`no kind of evidence ${proof.selector}`);
  return { kind, value: proof.value } as KnownProof;
}

export function makeEvidence(node: number, { kind, value }: KnownProof): Evidence {
  const selector = EVIDENCE_KINDS.indexOf(kind satisfies EvidenceKind);
  return { node, proof: { selector, value } as Evidence["proof"] };
}

/** The height at which a fault happened. */
export function evidenceHeight(evidence: Evidence): number {
  const proof = proofOf(evidence);
  switch (proof.kind) {
    case "duplicate-vote":
      return proof.value.first.height;
    case "duplicate-proposal":
      return proof.value.first.summary.height;
    case "duplicate-claim":
      return claimOf(proof.value.first).opens;
    case "amnesia":
      return proof.value.lock.height;
    default:
      return proof satisfies never;
  }
}

/**
 * @param state at the height of the block that will contain the evidence
 * @throws InvalidEvidence
 */
export function checkEvidence(state: State, evidence: Evidence): void {
  checkForm(evidence);
  const { node } = evidence;
  const accused = state.nodes.get(node);
  if (accused === undefined) {
    throw new InvalidEvidence(`there is no node ${node}`, { code: "EVIDENCE_UNKNOWN_NODE", node });
  }
  if (accused.slashedAt !== 0) {
    throw new InvalidEvidence(
      `node ${node} has been punished already`,
      { code: "EVIDENCE_ALREADY_PUNISHED", node },
      { action: "ignore" },
    );
  }
  const proof = proofOf(evidence);
  if (proof.kind === "duplicate-claim") {
    const { sender } = proof.value.first.transaction;
    if (!equalBytes(sender, accused.publicKey)) throw unrelated("node");
  }
  const height = evidenceHeight(evidence);
  if (height > state.height) {
    throw new InvalidEvidence(
      `the fault is at height ${height}, but the chain is at ${state.height}`,
      { code: "EVIDENCE_FROM_THE_FUTURE", height, head: state.height },
      { action: "ignore" },
    );
  }
  if (isExpired(state, height)) {
    throw new InvalidEvidence(
      `the fault at height ${height} is too long ago`,
      { code: "EVIDENCE_EXPIRED", height },
      { action: "ignore" },
    );
  }
}

function checkForm(evidence: Evidence): void {
  const proof = proofOf(evidence);
  switch (proof.kind) {
    case "duplicate-vote":
      checkDuplicateVote(proof.value);
      break;
    case "duplicate-proposal":
      checkDuplicateProposal(proof.value);
      break;
    case "duplicate-claim":
      checkDuplicateClaim(proof.value);
      break;
    case "amnesia":
      checkAmnesia(proof.value);
      break;
    default:
      proof satisfies never;
  }
}

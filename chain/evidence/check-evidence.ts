/**
 * All checks of evidence except its signatures (verify-evidence.ts): form, accused, age. A message counts whether or
 * not its signer had a seat at that time, because no honest node signs such a pair.
 */
import { equalBytes } from "../crypto/hash.ts";
import type { State } from "../state/state.ts";
import type {
  Amnesia,
  DuplicateClaim,
  DuplicateLease,
  DuplicateProposal,
  DuplicateVote,
  Evidence,
  EvidenceKind,
  UsurpedLease,
} from "../types/evidence.ts";
import { EVIDENCE_KINDS } from "../types/evidence.ts";
import type { LeaseEntry } from "../types/lease.ts";
import { isExpired } from "./age.ts";
import { checkAmnesia } from "./amnesia.ts";
import { checkDuplicateClaim, claimOf } from "./duplicate-claim.ts";
import { checkDuplicateProposal } from "./duplicate-proposal.ts";
import { checkDuplicateVote } from "./duplicate-vote.ts";
import { InvalidEvidence, unrelated } from "./evidence-error.ts";
import { checkDuplicateLease, faultyJob } from "./lease-fault.ts";

/** A decoded proof, by its kind; selector and value always belong together. */
export type KnownProof =
  | { readonly kind: "duplicate-vote"; readonly value: DuplicateVote }
  | { readonly kind: "duplicate-proposal"; readonly value: DuplicateProposal }
  | { readonly kind: "duplicate-claim"; readonly value: DuplicateClaim }
  | { readonly kind: "amnesia"; readonly value: Amnesia }
  | { readonly kind: "duplicate-lease"; readonly value: DuplicateLease }
  | { readonly kind: "usurped-lease"; readonly value: UsurpedLease };

export function proofOf({ proof }: Evidence): KnownProof {
  const kind = EVIDENCE_KINDS[proof.selector];
  if (kind === undefined) throw new RangeError(`no kind of evidence ${proof.selector}`);
  return { kind, value: proof.value } as KnownProof;
}

export function makeEvidence(node: number, { kind, value }: KnownProof): Evidence {
  const selector = EVIDENCE_KINDS.indexOf(kind satisfies EvidenceKind);
  return { node, proof: { selector, value } as Evidence["proof"] };
}

/** The height at which a fault happened; undefined where the messages themselves do not say it. */
export function evidenceHeight(evidence: Evidence): number | undefined {
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
    case "duplicate-lease":
    case "usurped-lease":
      return undefined;
    default:
      return proof satisfies never;
  }
}

/** An entry of the lease log that the fault is about; undefined for other faults. */
export function leaseEntryOf(evidence: Evidence): LeaseEntry | undefined {
  const proof = proofOf(evidence);
  if (proof.kind === "duplicate-lease") return proof.value.first.entry;
  return proof.kind === "usurped-lease" ? proof.value.usurped.entry : undefined;
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
  const height = heightOf(state, node, proof);
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

/** Of a fault in a lease log the height at which its job was opened: it cannot be older. */
function heightOf(state: State, node: number, proof: KnownProof): number {
  if (proof.kind === "duplicate-lease" || proof.kind === "usurped-lease") {
    return faultyJob(state, node, proof.value).openedAt;
  }
  return evidenceHeight(makeEvidence(node, proof)) ?? 0;
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
    case "duplicate-lease":
      checkDuplicateLease(proof.value);
      break;
    // All of it depends on the team of its job.
    case "usurped-lease":
      break;
    default:
      proof satisfies never;
  }
}

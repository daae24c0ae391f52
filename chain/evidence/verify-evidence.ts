/** Verifies the signatures of evidence, all of them with the key of the accused. */
import { verify } from "../crypto/keys.ts";
import { signingRoot } from "../crypto/signing.ts";
import { proposalSigningRoot, voteSigningRoot } from "../finality/vote.ts";
import type { State } from "../state/state.ts";
import { transactionId } from "../transaction-id.ts";
import type { Evidence } from "../types/evidence.ts";
import type { SignedLeaseEntry } from "../types/lease.ts";
import { leaseSigningRoot } from "../workload/search/lease-log.ts";
import { checkEvidence, proofOf } from "./check-evidence.ts";
import { InvalidEvidence } from "./evidence-error.ts";

interface SignedRoot {
  readonly root: Uint8Array;
  readonly signature: Uint8Array;
}

/** @throws InvalidEvidence EVIDENCE_BAD_SIGNATURE, or as checkEvidence */
export async function verifyEvidence(
  state: State,
  genesisRoot: Uint8Array,
  evidence: Evidence,
): Promise<void> {
  checkEvidence(state, evidence);
  const { publicKey } = state.nodes.at(evidence.node);
  const results = await Promise.all(
    signedRoots(genesisRoot, evidence).map(({ root, signature }) =>
      verify(publicKey, root, signature),
    ),
  );
  if (results.includes(false)) {
    const { node } = evidence;
    throw new InvalidEvidence(`a signature was not made by node ${node}`, {
      code: "EVIDENCE_BAD_SIGNATURE",
      node,
    });
  }
}

function signedRoots(genesisRoot: Uint8Array, evidence: Evidence): SignedRoot[] {
  const { kind, value } = proofOf(evidence);
  switch (kind) {
    case "duplicate-vote":
      return [value.first, value.second].map((vote) => ({
        root: voteSigningRoot(genesisRoot, vote),
        signature: vote.signature,
      }));
    case "amnesia":
      return [value.lock, value.later].map((vote) => ({
        root: voteSigningRoot(genesisRoot, vote),
        signature: vote.signature,
      }));
    case "duplicate-proposal":
      return [value.first, value.second].map(({ summary, signature }) => ({
        root: proposalSigningRoot(genesisRoot, summary),
        signature,
      }));
    case "duplicate-claim":
      return [value.first, value.second].map(({ transaction, signature }) => ({
        root: signingRoot("transaction", genesisRoot, transactionId(transaction)),
        signature,
      }));
    case "duplicate-lease":
      return [value.first, value.second].map((signed) => signedLease(genesisRoot, signed));
    case "usurped-lease":
      return [signedLease(genesisRoot, value.usurped)];
    default:
      return kind satisfies never;
  }
}

function signedLease(genesisRoot: Uint8Array, { entry, signature }: SignedLeaseEntry): SignedRoot {
  return { root: leaseSigningRoot(genesisRoot, entry), signature };
}

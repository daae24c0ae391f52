/** Evidence against a person of a test chain, signed as a faulty node would sign it. */
import { sha256 } from "../../chain/crypto/hash.ts";
import { makeEvidence } from "../../chain/evidence/check-evidence.ts";
import { makeDuplicateClaim } from "../../chain/evidence/duplicate-claim.ts";
import { makeDuplicateProposal } from "../../chain/evidence/duplicate-proposal.ts";
import { makeDuplicateLease } from "../../chain/evidence/lease-fault.ts";
import { makeDuplicateVote } from "../../chain/finality/contradiction.ts";
import { proposalSigningRoot, voteSigningRoot } from "../../chain/finality/vote.ts";
import type { Evidence, SignedProposalSummary } from "../../chain/types/evidence.ts";
import type { Job } from "../../chain/types/job.ts";
import type { LeaseEntry, SignedLeaseEntry } from "../../chain/types/lease.ts";
import type { Vote } from "../../chain/types/vote.ts";
import { leaseSigningRoot } from "../../chain/workload/search/lease-log.ts";
import type { Person, TestChain } from "./chain.ts";
import { claimOf } from "./window-run.ts";

const BLOCKS = [sha256(Uint8Array.of(1)), sha256(Uint8Array.of(2))] as const;

export function doubleVote(
  chain: TestChain,
  who: Person,
  height: number = chain.height + 1,
): Evidence {
  const [a, b] = BLOCKS.map((blockHash): Vote => {
    const unsigned = { height, round: 0, type: 1, blockHash };
    const signature = who.keys.sign(voteSigningRoot(chain.genesisRoot, unsigned));
    return { ...unsigned, validRound: 0, seat: 0, signature };
  }) as [Vote, Vote];
  return makeEvidence(nodeOf(chain, who), {
    kind: "duplicate-vote",
    value: makeDuplicateVote(a, b),
  });
}

/** A precommit of one block in round 0, and in round 1 a prevote for another that gives this reason. */
export function amnesia(
  chain: TestChain,
  who: Person,
  { height, validRound = 0 }: { height: number; validRound?: number },
): Evidence {
  const [lock, later] = [
    { height, round: 0, type: 1, blockHash: BLOCKS[0], validRound: 0 },
    { height, round: 1, type: 0, blockHash: BLOCKS[1], validRound },
  ].map((unsigned): Vote => {
    const signature = who.keys.sign(voteSigningRoot(chain.genesisRoot, unsigned));
    return { ...unsigned, seat: 0, signature };
  }) as [Vote, Vote];
  return makeEvidence(nodeOf(chain, who), { kind: "amnesia", value: { lock, later } });
}

export function doubleProposal(
  chain: TestChain,
  who: Person,
  height: number = chain.height + 1,
): Evidence {
  const [a, b] = BLOCKS.map((blockHash): SignedProposalSummary => {
    const summary = { height, round: 0, validRound: 0, blockHash };
    return { summary, signature: who.keys.sign(proposalSigningRoot(chain.genesisRoot, summary)) };
  }) as [SignedProposalSummary, SignedProposalSummary];
  const value = makeDuplicateProposal(a, b);
  return makeEvidence(nodeOf(chain, who), { kind: "duplicate-proposal", value });
}

/** Two claims of different work in window 1. */
export function doubleClaim(chain: TestChain, who: Person): Evidence {
  const [a, b] = [10, 20].map((segments) => {
    return chain.transaction(who, "window-commit", claimOf(chain, who, segments), { nonce: 0 });
  }) as [ReturnType<TestChain["transaction"]>, ReturnType<TestChain["transaction"]>];
  const value = makeDuplicateClaim(a, b);
  return makeEvidence(nodeOf(chain, who), { kind: "duplicate-claim", value });
}

const FIRST_ENTRY: LeaseEntry = {
  job: new Uint8Array(32),
  round: 1,
  view: 0,
  sequence: 1,
  previous: new Uint8Array(32),
  manager: 0,
  kind: 0,
  lease: 1,
  node: 0,
  lane: 0,
  from: 0n,
  to: 1n,
  at: 0n,
};

/** A signed entry of the log of leases of a job. */
export function leaseEntry(
  chain: TestChain,
  who: Person,
  job: Job,
  fields: Partial<LeaseEntry> = {},
): SignedLeaseEntry {
  const entry = { ...FIRST_ENTRY, job: job.id, manager: nodeOf(chain, who), ...fields };
  return { entry, signature: who.keys.sign(leaseSigningRoot(chain.genesisRoot, entry)) };
}

/** The same units granted to two nodes in one entry of the log. */
export function doubleLease(
  chain: TestChain,
  who: Person,
  job: Job,
  fields: Partial<LeaseEntry> = {},
): Evidence {
  const a = leaseEntry(chain, who, job, fields);
  const b = leaseEntry(chain, who, job, { ...fields, node: 1 });
  const value = makeDuplicateLease(a, b);
  return makeEvidence(nodeOf(chain, who), { kind: "duplicate-lease", value });
}

export function usurpedLease(
  chain: TestChain,
  who: Person,
  job: Job,
  fields: Partial<LeaseEntry> = {},
): Evidence {
  const value = { usurped: leaseEntry(chain, who, job, fields) };
  return makeEvidence(nodeOf(chain, who), { kind: "usurped-lease", value });
}

function nodeOf(chain: TestChain, who: Person): number {
  return chain.head.state.nodeIndex(who.keys.publicKey) ?? chain.head.state.nodes.length;
}

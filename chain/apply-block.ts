/**
 * The state transition. `buildBlock` and `applyBlock` share one path: the block is computed from a head and the
 * proposer's choices, and an arriving block must equal the computed one. Pure: no clock, no I/O; signatures are
 * verified before (verify-signatures.ts).
 */
import { applyTransaction } from "./apply-transaction.ts";
import { tickJobs } from "./block-end/tick-jobs.ts";
import { turnEpoch } from "./block-end/turn-epoch.ts";
import { InvalidBlock } from "./block-error.ts";
import { freeUnbondings } from "./bond/unbonding.ts";
import {
  bodyBytes,
  checkBody,
  checkHeader,
  checkRoots,
  checkVersion,
  notTheProposer,
} from "./check-block.ts";
import { addressOf } from "./crypto/address.ts";
import { toHex } from "./crypto/hash.ts";
import { isReveal } from "./crypto/onion.ts";
import { nextMix } from "./draw/mix.ts";
import { seatsRootOf } from "./draw/seats-root.ts";
import { PomlError } from "./errors.ts";
import { checkEvidence, leaseEntryOf } from "./evidence/check-evidence.ts";
import { expel } from "./evidence/lease-fault.ts";
import type { Head } from "./head.ts";
import { DrawRoom } from "./job/draw-room.ts";
import { chargeSkips } from "./rating/punctuality.ts";
import { slash } from "./rating/slash.ts";
import { tickWindow } from "./rating/tick-window.ts";
import { rootOf } from "./state/batch-roots.ts";
import type { State } from "./state/state.ts";
import { rewardProposer } from "./supply/emission.ts";
import { tickTrack } from "./track/tick-track.ts";
import { ListRoom } from "./transactions/list-room.ts";
import {
  type Block,
  Certificate,
  EvidenceList,
  Header,
  RatingChanges,
  Records,
  Transactions,
} from "./types/block.ts";
import type { Evidence } from "./types/evidence.ts";
import type { JobRecord } from "./types/job.ts";
import type { RatingChange, Seat } from "./types/node.ts";
import { MAX_TRANSACTIONS, ZERO_HASH } from "./types/primitive.ts";
import type { SignedTransaction } from "./types/transaction.ts";
import { totalWeight } from "./weight/weight.ts";

/** Bytes that SSZ adds to each element of a list of variable-sized elements. */
const LIST_OFFSET_BYTES = 4;

/** The choices of a proposer; everything else in a block follows from them. */
interface BlockInput {
  readonly round: number;
  /** Unix milliseconds. */
  readonly time: bigint;
  readonly proposer: Uint8Array;
  readonly onionReveal: Uint8Array;
  readonly parentCertificate: Certificate;
  readonly transactions: readonly SignedTransaction[];
  readonly evidence: readonly Evidence[];
}

export interface AppliedBlock {
  readonly block: Block;
  readonly hash: Uint8Array;
  /** A fork of the head's state; absorb it once the block is final. */
  readonly state: State;
}

export function blockHash(header: Header): Uint8Array {
  return Header.hashTreeRoot(header);
}

/** A block is built at most so many times with less room, before it is built without transactions. */
const MOST_TRIES = 3;

/**
 * Builds the next block. Transactions and evidence that do not apply are left out.
 * @param limitBytes for the whole body, including the records and rating changes that transactions or the height bring
 */
export function buildBlock(head: Head, input: BlockInput, limitBytes: number): AppliedBlock {
  let room = limitBytes;
  for (let tries = 1; ; tries++) {
    const applied = fill(head, input, room);
    const { body } = applied.block;
    const excess = bodyBytes(body) - limitBytes;
    if (excess <= 0 || body.transactions.length === 0) return applied;
    room = tries < MOST_TRIES ? room - excess : 0;
  }
}

/** @param room stop adding transactions when they take up so many bytes */
function fill(head: Head, input: BlockInput, room: number): AppliedBlock {
  let bytes = 0;
  let count = 0;
  const attemptEvidence: Attempt<Evidence> = (attempt) => {
    try {
      attempt();
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
    }
  };
  const attemptTransaction: Attempt<SignedTransaction> = (attempt, transaction) => {
    const size = Transactions.elementType.value_serializedSize(transaction) + LIST_OFFSET_BYTES;
    if (bytes + size > room || count === MAX_TRANSACTIONS) return;
    try {
      attempt();
      bytes += size;
      count++;
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
    }
  };
  return transition(head, input, { attemptEvidence, attemptTransaction });
}

/**
 * Checks a block against a head and returns the state after it.
 * @throws InvalidBlock
 */
export function applyBlock(head: Head, block: Block): AppliedBlock {
  checkHeader(head, block);
  const { header, body } = block;
  const input: BlockInput = {
    round: header.round,
    time: header.time,
    proposer: header.proposer,
    onionReveal: header.onionReveal,
    parentCertificate: block.parentCertificate,
    transactions: body.transactions,
    evidence: body.evidence,
  };
  const refusing =
    (code: "BAD_TRANSACTION" | "BAD_EVIDENCE"): Attempt<unknown> =>
    (attempt, _, index) => {
      try {
        attempt();
      } catch (error) {
        if (!(error instanceof PomlError)) throw error;
        const what = code === "BAD_EVIDENCE" ? "evidence" : "transaction";
        throw new InvalidBlock(
          `${what} ${index}: ${error.message}`,
          { code, index, reason: String(error.code) },
          { cause: error },
        );
      }
    };
  const applied = transition(head, input, {
    attemptEvidence: refusing("BAD_EVIDENCE"),
    attemptTransaction: refusing("BAD_TRANSACTION"),
  });
  checkRoots(applied.block.header, header);
  checkBody(block);
  return applied;
}

type Attempt<T> = (attempt: () => void, item: T, index: number) => void;

interface Attempts {
  readonly attemptEvidence: Attempt<Evidence>;
  readonly attemptTransaction: Attempt<SignedTransaction>;
}

function transition(
  head: Head,
  input: BlockInput,
  { attemptEvidence, attemptTransaction }: Attempts,
): AppliedBlock {
  checkVersion(head.state);
  const state = head.state.fork();
  const height = head.state.height + 1;
  const seats = head.state.seats;
  state.meta = { ...state.meta, height, time: input.time };

  const proposer = addressOf(input.proposer);
  const ratingChanges: RatingChange[] = [];
  const evidence: Evidence[] = [];
  input.evidence.forEach((piece, index) => {
    attemptEvidence(
      () => {
        checkEvidence(state, piece);
        ratingChanges.push(slash(state, piece.node, proposer));
        const entry = leaseEntryOf(piece);
        if (entry !== undefined) expel(state, piece.node, entry);
        evidence.push(piece);
      },
      piece,
      index,
    );
  });

  const records: JobRecord[] = [];
  const context = {
    proposer,
    records,
    ratingChanges,
    draws: DrawRoom.ofBlock(),
    lists: ListRoom.ofBlock(),
  };
  const transactions: SignedTransaction[] = [];
  input.transactions.forEach((transaction, index) => {
    attemptTransaction(
      () => {
        state.attempt(() => applyTransaction(state, transaction, context));
        transactions.push(transaction);
      },
      transaction,
      index,
    );
  });

  advanceOnion(state, input);
  chargeSkips(state, head.state, input.round);
  rewardProposer(state, input.proposer);
  state.meta = { ...state.meta, mix: nextMix(head.state.meta.mix, height, input.onionReveal) };
  ratingChanges.push(...tickWindow(state), ...tickTrack(state), ...tickJobs(state, proposer));
  freeUnbondings(state);
  turnEpoch(state);

  const body = { transactions, records, ratingChanges, evidence };
  const header = makeHeader({ head, input, height, seats, body, stateRoot: state.root() });
  const block = { header, body, parentCertificate: input.parentCertificate };
  return { block, hash: blockHash(header), state };
}

interface HeaderParts {
  readonly head: Head;
  readonly input: BlockInput;
  readonly height: number;
  readonly seats: readonly Seat[];
  readonly body: {
    transactions: SignedTransaction[];
    records: JobRecord[];
    ratingChanges: RatingChange[];
    evidence: Evidence[];
  };
  readonly stateRoot: Uint8Array;
}

function makeHeader({ head, input, height, seats, body, stateRoot }: HeaderParts): Header {
  return {
    version: head.state.parameters.protocolVersion,
    height,
    round: input.round,
    time: input.time,
    parent: head.hash,
    proposer: input.proposer,
    onionReveal: input.onionReveal,
    totalWeight: totalWeight(seats),
    transactionsRoot: Transactions.hashTreeRoot(body.transactions),
    recordsRoot: Records.hashTreeRoot(body.records),
    ratingsRoot: rootOf(RatingChanges, body.ratingChanges),
    evidenceRoot: EvidenceList.hashTreeRoot(body.evidence),
    seatsRoot: seatsRootOf(seats),
    stateRoot,
    parentCertificate: height === 1 ? ZERO_HASH : Certificate.hashTreeRoot(input.parentCertificate),
  };
}

function advanceOnion(state: State, input: BlockInput): void {
  const index = state.nodeIndex(input.proposer);
  if (index === undefined) throw notTheProposer(input);
  const node = state.nodes.at(index);
  const proposer = toHex(input.proposer);
  if (node.onionLeft === 0) {
    throw new InvalidBlock("the proposer has no reveals left", {
      code: "ONION_EXHAUSTED",
      proposer,
    });
  }
  if (!isReveal(input.onionReveal, node.onion)) {
    throw new InvalidBlock("the reveal does not open the proposer's hash onion", {
      code: "BAD_ONION_REVEAL",
      proposer,
    });
  }
  state.nodes.set(index, {
    ...node,
    onion: input.onionReveal,
    onionLeft: node.onionLeft - 1,
    proposed: node.proposed + 1,
  });
}

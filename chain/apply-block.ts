/**
 * The state transition. `buildBlock` and `applyBlock` share one path: the block that follows from
 * a head and the proposer's choices is computed, and an arriving block must equal it.
 * Pure: no clock, no I/O; signatures are verified beforehand (verify-signatures.ts).
 */
import { applyTransaction } from "./apply-transaction.ts";
import { tickAudits } from "./audit/tick.ts";
import { InvalidBlock } from "./block-error.ts";
import { slash } from "./bond/slash.ts";
import { freeUnbondings } from "./bond/unbonding.ts";
import { addressOf } from "./crypto/address.ts";
import { equalBytes, toHex } from "./crypto/hash.ts";
import { isReveal } from "./crypto/onion.ts";
import { nextMix, proposerOrder } from "./draw/mix.ts";
import { PomlError } from "./errors.ts";
import { checkEvidence } from "./evidence/check-evidence.ts";
import { tickJobs } from "./job/phase.ts";
import { turnEpoch } from "./rating/epoch.ts";
import { chargeSkips } from "./rating/punctuality.ts";
import { tickWindow } from "./rating/tick-window.ts";
import { totalWeight } from "./rating/weight.ts";
import type { State } from "./state/state.ts";
import { rewardProposer } from "./supply/emission.ts";
import {
  type Block,
  Certificate,
  EvidenceList,
  Header,
  PROTOCOL_VERSION,
  RatingChanges,
  Records,
  Transactions,
} from "./types/block.ts";
import type { Evidence } from "./types/evidence.ts";
import type { TrainingRecord } from "./types/job.ts";
import type { RatingChange, Seat } from "./types/node.ts";
import { MAX_TRANSACTIONS, ZERO_HASH } from "./types/primitive.ts";
import { Seats } from "./types/state.ts";
import type { SignedTransaction } from "./types/transaction.ts";

/** What SSZ adds to each element of a list of variable-sized elements. */
const LIST_OFFSET_BYTES = 4;

/** The last final block and the state after it. At genesis `hash` is the genesis root. */
export interface Head {
  readonly state: State;
  readonly hash: Uint8Array;
}

/** What a proposer chooses; everything else in a block follows. */
export interface BlockInput {
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

/** The public key whose turn (height, round) is. */
export function proposerOf(state: State, height: number, round: number): Uint8Array {
  const order = proposerOrder(state.meta.mix, height, state.seats);
  const seat = state.seats[order[round % order.length] ?? -1];
  if (seat === undefined) throw new RangeError("an epoch without seats");
  return seat.publicKey;
}

/**
 * Builds the next block. Transactions and evidence that do not apply are left out.
 * @param limitBytes stop adding transactions when they fill so many bytes
 */
export function buildBlock(head: Head, input: BlockInput, limitBytes: number): AppliedBlock {
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
    if (bytes + size > limitBytes || count === MAX_TRANSACTIONS) return;
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
 * Checks a block against a head and returns the state it leads to.
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
  // The transactions are the very ones that were applied; the rest of the body must be what they led to.
  checkBodyRoot("recordsRoot", header, Records.hashTreeRoot(body.records));
  checkBodyRoot("ratingsRoot", header, RatingChanges.hashTreeRoot(body.ratingChanges));
  checkBodyRoot("evidenceRoot", header, EvidenceList.hashTreeRoot(body.evidence));
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
        evidence.push(piece);
      },
      piece,
      index,
    );
  });

  const records: TrainingRecord[] = [];
  const context = { proposer, records, ratingChanges };
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
  rewardProposer(state, proposer);
  state.meta = { ...state.meta, mix: nextMix(head.state.meta.mix, height, input.onionReveal) };
  ratingChanges.push(...tickWindow(state), ...tickAudits(state));
  tickJobs(state);
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
    records: TrainingRecord[];
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
    ratingsRoot: RatingChanges.hashTreeRoot(body.ratingChanges),
    evidenceRoot: EvidenceList.hashTreeRoot(body.evidence),
    seatsRoot: Seats.hashTreeRoot([...seats]),
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
    throw new InvalidBlock("the reveal does not open the proposer's onion", {
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

function notTheProposer({
  round,
  proposer,
}: {
  round: number;
  proposer: Uint8Array;
}): InvalidBlock {
  return new InvalidBlock(`round ${round} is not this proposer's turn`, {
    code: "NOT_THE_PROPOSER",
    round,
    proposer: toHex(proposer),
  });
}

/**
 * The nodes may have voted for rules this program does not have. Not the fault of whoever sent the
 * block.
 */
function checkVersion({ parameters: { protocolVersion } }: State): void {
  if (protocolVersion === PROTOCOL_VERSION) return;
  throw new InvalidBlock(
    `the chain goes on with protocol version ${protocolVersion}, this node knows ${PROTOCOL_VERSION}`,
    { code: "UNKNOWN_VERSION", expected: PROTOCOL_VERSION, actual: protocolVersion },
    { action: "local", remedy: "update the node" },
  );
}

/** The cheap checks, before any transaction is touched. */
function checkHeader(head: Head, block: Block): void {
  const { header } = block;
  const expected = head.state.height + 1;
  checkVersion(head.state);
  const { protocolVersion } = head.state.parameters;
  if (header.version !== protocolVersion) {
    throw new InvalidBlock(
      `block of version ${header.version}, the chain is at ${protocolVersion}`,
      {
        code: "WRONG_VERSION",
        expected: protocolVersion,
        actual: header.version,
      },
    );
  }
  if (header.height !== expected) {
    throw new InvalidBlock(
      `block of height ${header.height}, expected ${expected}`,
      { code: "WRONG_HEIGHT", expected, actual: header.height },
      { action: "ignore" },
    );
  }
  if (!equalBytes(header.parent, head.hash)) {
    const [want, got] = [toHex(head.hash), toHex(header.parent)];
    throw new InvalidBlock(`parent ${got} is not our head`, {
      code: "UNKNOWN_PARENT",
      expected: want,
      actual: got,
    });
  }
  if (header.time <= head.state.meta.time) {
    throw new InvalidBlock("block time does not move forward", {
      code: "TIME_NOT_AFTER_PARENT",
      parent: head.state.meta.time,
      actual: header.time,
    });
  }
  if (!equalBytes(header.proposer, proposerOf(head.state, header.height, header.round))) {
    throw notTheProposer(header);
  }
  const { blockHash: certified, height } = block.parentCertificate;
  if (expected > 1 && (height !== expected - 1 || !equalBytes(certified, head.hash))) {
    throw new InvalidBlock("the carried certificate is not the parent's", {
      code: "BAD_PARENT_CERTIFICATE",
      reason: "names another block",
    });
  }
  if (expected === 1 && !Certificate.equals(block.parentCertificate, Certificate.defaultValue())) {
    throw new InvalidBlock("the first block has no parent to certify", {
      code: "BAD_PARENT_CERTIFICATE",
      reason: "must be empty at height 1",
    });
  }
  const bytes = Transactions.value_serializedSize(block.body.transactions);
  const limit = head.state.parameters.maxBlockBytes;
  if (bytes > limit) {
    throw new InvalidBlock(`${bytes} bytes of transactions, the limit is ${limit}`, {
      code: "BLOCK_TOO_LARGE",
      bytes,
      limit,
    });
  }
}

function checkRoots(computed: Header, given: Header): void {
  if (computed.totalWeight !== given.totalWeight) {
    const [want, got] = [String(computed.totalWeight), String(given.totalWeight)];
    throw new InvalidBlock(`totalWeight is ${got}, expected ${want}`, {
      code: "ROOT_MISMATCH",
      field: "totalWeight",
      expected: want,
      actual: got,
    });
  }
  const roots = [
    "transactionsRoot",
    "recordsRoot",
    "ratingsRoot",
    "evidenceRoot",
    "seatsRoot",
    "stateRoot",
    "parentCertificate",
  ] as const;
  for (const field of roots) {
    if (!equalBytes(computed[field], given[field])) {
      throw rootMismatch(field, computed[field], given[field]);
    }
  }
}

function checkBodyRoot(
  field: "recordsRoot" | "ratingsRoot" | "evidenceRoot",
  header: Header,
  root: Uint8Array,
): void {
  if (!equalBytes(header[field], root)) throw rootMismatch(field, header[field], root);
}

function rootMismatch(field: string, want: Uint8Array, got: Uint8Array): InvalidBlock {
  const [expected, actual] = [toHex(want), toHex(got)];
  return new InvalidBlock(`${field} is ${actual}, expected ${expected}`, {
    code: "ROOT_MISMATCH",
    field,
    expected,
    actual,
  });
}

/**
 * A node with as much as can be asked of its API: 10,000 nodes and jobs, full blocks. Blocks are decoded each time
 * they are read, as a node's store does.
 */
import { blockHash } from "../../chain/apply-block.ts";
import { sha256, uint32Bytes } from "../../chain/crypto/hash.ts";
import { phaseCode } from "../../chain/job/phase.ts";
import { State } from "../../chain/state/state.ts";
import type { StateParts } from "../../chain/state/state-parts.ts";
import { Audit } from "../../chain/types/audit.ts";
import { CertifiedBlock, Header } from "../../chain/types/block.ts";
import { Job, JobRecord, Participant } from "../../chain/types/job.ts";
import { RatingChange } from "../../chain/types/node.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import type { RecordedRound } from "../../node/jobs/job-records.ts";
import { jobRecords } from "../../node/jobs/job-records.ts";
import type { Page, Pages } from "../../node/pages.ts";
import { type PastChange, ratingHistory } from "../../node/rating/rating-history.ts";
import { decodeBlock } from "../../node/store/block-entries.ts";
import { TestChain } from "./chain.ts";
import { EventLog, FixtureNode } from "./fixture-node.ts";
import { jobSpec } from "./job-run.ts";
import { LightChain } from "./light-chain.ts";
import { partsOf } from "./state.ts";

const OPEN = 10_000;
const HEIGHT = 10_000;
const SEATS = 512;
const PARTICIPANTS = 256;
const AUDITS = 256;
const ROUNDS = 1000;
const TRANSACTIONS = 4096;

const hashOf = (i: number): Uint8Array => sha256(uint32Bytes(i));
const some = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

export class HeavyNode extends FixtureNode {
  readonly #state: State;
  readonly #blocks = new Map<number, Uint8Array>();
  readonly #body: CertifiedBlock["block"]["body"];
  readonly #signatures: CertifiedBlock["certificate"]["signatures"];
  /** Every block holds a record and rating changes. */
  readonly #store = {
    lowest: 1,
    block: (height: number) => this.block(height),
    recordHeight: async (_: Uint8Array, round: number) => round,
    ratingChangeHeights: async (_: number, limit: number, from = HEIGHT) =>
      some(limit, (i) => from - i),
  };
  /** Blocks that were decoded. */
  reads = 0;

  /** @param open nodes and jobs */
  constructor(open = OPEN) {
    const chain = new TestChain({ parameters: { windowOffset: 1_000_000 } });
    const ledger = new LightChain(chain);
    ledger.advance();
    super(new EventLog(), ledger);
    const parts = partsOf(chain.head.state);
    this.#state = State.of(grown(parts, open));
    this.#body = fullBody(
      chain.transaction(chain.client, "transfer", { to: hashOf(1).subarray(0, 20), amount: 1n }),
    );
    const signature = new Uint8Array(64);
    this.#signatures = some(SEATS, (seat) => ({ seat, signature }));
  }

  override state(): State {
    return this.#state;
  }

  /** The job with the most of everything. */
  get jobId(): Uint8Array {
    return this.#state.jobs.at(this.#state.jobs.length - 1).id;
  }

  override async block(at: number | Uint8Array): Promise<CertifiedBlock | undefined> {
    if (typeof at !== "number" || at < 1 || at > HEIGHT) return undefined;
    this.reads++;
    const { block, certificate } = decodeBlock(this.#bytes(at), at).certified;
    const records = block.body.records.map((one) => ({ ...one, job: this.jobId, round: at }));
    return { block: { ...block, body: { ...block.body, records } }, certificate };
  }

  override jobRecords(id: Uint8Array, page: Page): Promise<Pages<RecordedRound>> {
    return jobRecords(this.#store, { id, round: ROUNDS }, page);
  }

  override ratingHistory(node: number, page: Page): Promise<Pages<PastChange>> {
    return ratingHistory(this.#store, node, page);
  }

  #bytes(height: number): Uint8Array {
    const known = this.#blocks.get(height);
    if (known !== undefined) return known;
    const header = { ...Header.defaultValue(), height };
    const parentCertificate = {
      height: height - 1,
      round: 0,
      blockHash: hashOf(height),
      signatures: [],
    };
    const certificate = {
      height,
      round: 0,
      blockHash: blockHash(header),
      signatures: this.#signatures,
    };
    const block = { header, body: this.#body, parentCertificate };
    const bytes = CertifiedBlock.serialize({ block, certificate });
    // All full blocks in memory at once would measure the machine's memory.
    if (this.#blocks.size > 4) this.#blocks.clear();
    this.#blocks.set(height, bytes);
    return bytes;
  }
}

function grown(parts: StateParts, open: number): StateParts {
  const [sample] = parts.nodes;
  if (sample === undefined) throw new RangeError("no node to copy");
  const nodes = some(open, (i) => ({ ...sample, ...parts.nodes[i], publicKey: hashOf(i) }));
  const seats = some(Math.min(SEATS, open), (node) => ({
    node,
    publicKey: hashOf(node),
    weight: 10n,
  }));
  return {
    ...parts,
    meta: { ...parts.meta, height: HEIGHT },
    nodes,
    seats,
    nextSeats: seats,
    jobs: some(open, (i) => bigJob(i, i === open - 1)),
    unbondings: some(open, (i) => ({
      node: i,
      amount: 1n,
      freeAtHeight: HEIGHT * 2,
      freeAtTime: 0n,
    })),
    parameterVotes: some(2 * open, (i) => ({
      node: i >> 1,
      parameter: i & 1,
      value: hashOf(i % 64),
    })),
  };
}

/** The last is full, the others are as most are. */
function bigJob(i: number, isFull: boolean): Job {
  const participants = isFull ? PARTICIPANTS : 4;
  return {
    ...Job.defaultValue(),
    id: hashOf(i),
    client: hashOf(i).subarray(0, 20),
    spec: jobSpec("heavy", { participants, rounds: ROUNDS }),
    phase: phaseCode("training"),
    round: isFull ? ROUNDS : 1,
    openedAt: 1,
    team: [0, 1, 2],
    credits: [0, 0, 0],
    participants: some(participants, (node) => ({ ...Participant.defaultValue(), node })),
    audits: isFull ? some(AUDITS, (node) => ({ ...Audit.defaultValue(), round: 1, node })) : [],
  };
}

function fullBody(transaction: SignedTransaction): CertifiedBlock["block"]["body"] {
  const record = JobRecord.defaultValue();
  const contribution = JobRecord.fields.contributions.elementType.defaultValue();
  return {
    transactions: some(TRANSACTIONS, () => transaction),
    records: [{ ...record, contributions: some(PARTICIPANTS, () => contribution) }],
    ratingChanges: some(1000, (node) => ({ ...RatingChange.defaultValue(), node })),
    evidence: [],
  };
}

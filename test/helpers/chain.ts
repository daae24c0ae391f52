/** A small real chain for tests: founders with known keys, and blocks built by the rules themselves. */
import { POML } from "../../chain/amount.ts";
import { applyBlock, blockHash, buildBlock } from "../../chain/apply-block.ts";
import { addressOf } from "../../chain/crypto/address.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { type KeyPair, keyPairFromSeed } from "../../chain/crypto/keys.ts";
import { makeOnion } from "../../chain/crypto/onion.ts";
import { signingRoot } from "../../chain/crypto/signing.ts";
import { proposerOf } from "../../chain/draw/proposer-of.ts";
import { genesisHead } from "../../chain/genesis.ts";
import type { Head } from "../../chain/head.ts";
import { conserved } from "../../chain/supply/supply.ts";
import { transactionId } from "../../chain/transaction-id.ts";
import { type Block, Certificate } from "../../chain/types/block.ts";
import type { Evidence } from "../../chain/types/evidence.ts";
import type { Genesis, Parameters } from "../../chain/types/genesis.ts";
import type { Job } from "../../chain/types/job.ts";
import {
  type Payloads,
  payloadOf,
  type SignedTransaction,
  type Transaction,
  type TransactionKind,
} from "../../chain/types/transaction.ts";
import { MemorySettledJobs } from "./settled-jobs.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export interface Person {
  readonly keys: KeyPair;
  readonly address: Uint8Array;
  readonly onion: readonly Uint8Array[];
}

const people = new Map<string, Person>();

/** Somebody by name: the same keys every time. */
export function person(name: string): Person {
  const known = people.get(name) ?? makePerson(name);
  people.set(name, known);
  return known;
}

function makePerson(name: string): Person {
  const seed = sha256(text(name));
  const keys = keyPairFromSeed(seed);
  return { keys, address: addressOf(keys.publicKey), onion: makeOnion(seed, 1024) };
}

/** Written out, so that tests and vectors do not move with the devnet's settings. */
export const TEST_PARAMETERS: Parameters = {
  protocolVersion: 1,
  blockIntervalMs: 500,
  epochBlocks: 16,
  maxSeats: 100,
  maxBlockBytes: 1_048_576,
  feeFloor: 1000n,
  feeCap: 100n * POML,
  feeRate: 15_000,
  bondPerRating: 1n,
  minBond: 10n * POML,
  unbondingBlocks: 64,
  unbondingSeconds: 20,
  evidenceBlocks: 32,
  evidenceSeconds: 10,
  slashShare: 50_000,
  evidenceReward: 100_000,
  skipPenalty: 2000n,
  skipShare: 10_000,
  weightChange: 250_000,
  drawDelay: 1,
  blockReward: 0n,
  workReward: 0n,
  emissionLimit: 1_000_000n * POML,
  windowInterval: 100_000,
  windowOffset: 10,
  windowBlocks: 6,
  claimBlocks: 4,
  verdictBlocks: 12,
  surpriseChance: 0,
  surpriseBlocks: 4,
  verifiers: 2,
  segmentsPerVerifier: 1,
  baselineTask: 1,
  trackInterval: 0,
  trackOffset: 10,
  trackBlocks: 6,
  trackTask: 1,
  ratingHalfLife: 120,
  falseWorkShare: 500_000,
  energyReference: 500_000n,
  segmentSteps: 60,
  minPricePerSample: 1n,
  minPricePerTeraflop: 100_000n,
  managerShare: 100_000,
  auditShare: 100_000,
  secondLook: 100_000,
  newcomerAudits: 2,
  unitOperations: 10_000_000n,
  maxExtensions: 2,
  exactEngine: sha256(text("engine")),
};

export class TestChain {
  readonly founders: readonly Person[];
  readonly client: Person = person("client");
  readonly genesis: Genesis;
  readonly genesisRoot: Uint8Array;
  head: Head;
  blocks: Block[] = [];
  /** The state has no records of these. */
  readonly settled = new MemorySettledJobs();
  readonly #known: Person[];
  readonly #supply: bigint;

  readonly #stepMs: bigint;

  constructor(
    options: { founders?: number; parameters?: Partial<Parameters>; stepMs?: bigint } = {},
  ) {
    this.#stepMs = options.stepMs ?? 500n;
    const count = options.founders ?? 4;
    this.founders = Array.from({ length: count }, (_, i) => person(`founder ${i}`));
    this.#known = [...this.founders];
    this.genesis = {
      name: text("test"),
      time: 1_700_000_000_000n,
      parameters: { ...TEST_PARAMETERS, ...options.parameters },
      accounts: [
        { address: this.client.address, balance: 1_000_000n * POML },
        ...this.founders.map(({ address }) => ({ address, balance: 100n * POML })),
      ],
      nodes: this.founders.map(({ keys, onion }, i) => ({
        publicKey: keys.publicKey,
        name: text(`node ${i}`),
        endpoint: text("/ip4/127.0.0.1/tcp/1/ws"),
        bond: 1000n * POML,
        onion: onion[1024] as Uint8Array,
        onionLength: 1024,
        capacity: 10_000_000n + BigInt(i) * 1_000_000n,
      })),
    };
    this.head = genesisHead(this.genesis);
    this.genesisRoot = this.head.hash;
    this.#supply = conserved(this.head.state);
  }

  get height(): number {
    return this.head.state.height;
  }

  /** Lets this person propose: a newcomer, or a founder with another onion. */
  know(someone: Person): void {
    this.#known.unshift(someone);
  }

  personOf(publicKey: Uint8Array): Person {
    const found = this.#known.find(({ keys }) => sameBytes(keys.publicKey, publicKey));
    if (found === undefined) throw new Error("nobody known");
    return found;
  }

  /** A job, settled or not. @throws RangeError when there is none */
  job(index: number): Job {
    return this.settled.get(index) ?? this.head.state.jobs.at(index);
  }

  personOfNode(index: number): Person {
    return this.personOf(this.head.state.nodes.at(index).publicKey);
  }

  /** The next block with these transactions, not yet taken. */
  build(
    transactions: readonly SignedTransaction[] = [],
    round = 0,
    limitBytes = 1_000_000,
    evidence: readonly Evidence[] = [],
  ): Block {
    const proposer = this.personOf(proposerOf(this.head.state, this.height + 1, round));
    const index = this.head.state.nodeIndex(proposer.keys.publicKey) ?? -1;
    const left = this.head.state.nodes.at(index).onionLeft;
    const previous = this.blocks.at(-1);
    const parentCertificate: Certificate =
      previous === undefined
        ? Certificate.defaultValue()
        : {
            height: this.height,
            round: previous.header.round,
            blockHash: blockHash(previous.header),
            signatures: [],
          };
    return buildBlock(
      this.head,
      {
        round,
        time: this.head.state.meta.time + this.#stepMs,
        proposer: proposer.keys.publicKey,
        onionReveal: proposer.onion[left - 1] as Uint8Array,
        parentCertificate,
        transactions,
        evidence,
      },
      limitBytes,
    ).block;
  }

  take(block: Block): void {
    const applied = applyBlock(this.head, block);
    this.settled.add(applied.state);
    this.head.state.absorb(applied.state);
    this.head = { state: this.head.state, hash: applied.hash };
    this.blocks.push(block);
    if (this.supply() !== this.#supply) throw new Error(`supply broken at ${this.height}`);
  }

  /** Builds and takes one block; throws when a transaction was left out. */
  advance(...transactions: SignedTransaction[]): Block {
    const block = this.build(transactions);
    if (block.body.transactions.length !== transactions.length) {
      throw new Error("a transaction did not apply");
    }
    this.take(block);
    return block;
  }

  advanceTo(height: number): void {
    while (this.height < height) this.advance();
  }

  transaction<K extends TransactionKind>(
    from: Person,
    kind: K,
    value: Payloads[K],
    overrides: Partial<Transaction> = {},
  ): SignedTransaction {
    const transaction: Transaction = {
      sender: from.keys.publicKey,
      nonce: this.head.state.account(from.address).nonce,
      fee: 1_000_000n,
      validUntil: this.height + 100,
      payload: payloadOf(kind, value),
      ...overrides,
    };
    const root = signingRoot("transaction", this.genesisRoot, transactionId(transaction));
    return { transaction, signature: from.keys.sign(root) };
  }

  /** Everything there is but what was emitted; must never change. */
  supply(): bigint {
    return conserved(this.head.state);
  }
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

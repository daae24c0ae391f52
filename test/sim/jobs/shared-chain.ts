/**
 * The chain that all nodes of a simulation agree on: blocks by the real rules, one after another, and the state at each
 * height for nodes that have not heard of the newest. How nodes agree is simulated elsewhere (../consensus.ts).
 */
import { buildBlock } from "../../../chain/apply-block.ts";
import { toHex } from "../../../chain/crypto/hash.ts";
import { proposerOf } from "../../../chain/draw/proposer-of.ts";
import type { Head } from "../../../chain/head.ts";
import { State } from "../../../chain/state/state.ts";
import { conserved } from "../../../chain/supply/supply.ts";
import { transactionId } from "../../../chain/transaction-id.ts";
import { Certificate } from "../../../chain/types/block.ts";
import { isUnsettled } from "../../../chain/types/job.ts";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";
import { verifyTransactionSync } from "../../../chain/verify-signatures.ts";
import type { FinalBlock } from "../../../node/chain/chain.ts";
import type { TestChain } from "../../helpers/chain.ts";
import { MemorySettledJobs } from "../../helpers/settled-jobs.ts";

/** A state that was forked so many times is read slowly, and is made anew. */
const MAX_FORKS = 16;
const BLOCK_BYTES = 1_000_000;

export class SharedChain {
  readonly base: TestChain;
  readonly settled = new MemorySettledJobs();
  readonly blocks: FinalBlock[] = [];
  /** Height of its block, by id. */
  readonly #places = new Map<string, number>();
  readonly #heads: Head[];
  readonly #verified = new WeakSet<SignedTransaction>();
  readonly #supply: bigint;
  #forks = 0;

  constructor(base: TestChain) {
    this.base = base;
    this.#heads = [base.head];
    this.#supply = conserved(base.head.state);
  }

  get height(): number {
    return this.#heads.length - 1;
  }

  get head(): Head {
    return this.headAt(this.height);
  }

  /** @throws RangeError above the newest block */
  headAt(height: number): Head {
    const head = this.#heads[height];
    if (head === undefined) throw new RangeError(`no block ${height}`);
    return head;
  }

  /** Each once, whoever asks. @throws TransactionError BAD_SIGNATURE */
  verify(state: State, signed: SignedTransaction): void {
    verifyTransactionSync(state, this.base.genesisRoot, signed, this.#verified);
  }

  /** Height of the block that took the transaction. */
  placeOf(id: Uint8Array): number | undefined {
    return this.#places.get(toHex(id));
  }

  /** Node whose turn it is to propose the next block. */
  proposer(round: number): number {
    const { state } = this.head;
    return state.nodeIndex(proposerOf(state, this.height + 1, round)) ?? -1;
  }

  /** Takes the next block. @throws Error when money came or went */
  extend(round: number, transactions: readonly SignedTransaction[], time: bigint): void {
    const { head } = this;
    const proposer = this.base.personOf(proposerOf(head.state, this.height + 1, round));
    const index = head.state.nodeIndex(proposer.keys.publicKey) ?? -1;
    const onionReveal = proposer.onion[head.state.nodes.at(index).onionLeft - 1];
    if (onionReveal === undefined) throw new Error("the run is too long for the onions");
    const parentCertificate: Certificate = {
      ...Certificate.defaultValue(),
      height: this.height,
      blockHash: head.hash,
    };
    const applied = buildBlock(
      head,
      {
        round,
        time,
        proposer: proposer.keys.publicKey,
        onionReveal,
        parentCertificate,
        transactions,
        evidence: [],
      },
      BLOCK_BYTES,
    );
    const { block, hash, state } = applied;
    const { jobs } = state.changes();
    this.settled.add(state);
    const certificate = { ...parentCertificate, height: block.header.height, blockHash: hash };
    this.blocks.push({ block, hash, certificate, jobs: new Map(jobs) });
    for (const { transaction } of block.body.transactions) {
      this.#places.set(toHex(transactionId(transaction)), block.header.height);
    }
    const hasSettled = [...jobs.values()].some((job) => !isUnsettled(job));
    const isDeep = ++this.#forks === MAX_FORKS || hasSettled;
    if (isDeep) this.#forks = 0;
    this.#heads.push({ state: isDeep ? State.of(state.parts()) : state, hash });
    if (conserved(this.head.state) !== this.#supply) {
      throw new Error(`the supply is another after block ${this.height}`);
    }
  }
}

/**
 * The node's copy of the chain: the head, and the only two ways to extend it. Every extension is first stored in one
 * synced batch, and announced afterwards.
 */
import { setImmediate as pause } from "node:timers/promises";
import { type AppliedBlock, applyBlock } from "../../chain/apply-block.ts";
import { InvalidBlock } from "../../chain/block-error.ts";
import { equalBytes } from "../../chain/crypto/hash.ts";
import { verify } from "../../chain/crypto/keys.ts";
import { verifyEvidence } from "../../chain/evidence/verify-evidence.ts";
import { verifyCertificate } from "../../chain/finality/certificate.ts";
import type { Head } from "../../chain/head.ts";
import { seatChange } from "../../chain/light/seat-change.ts";
import type { State } from "../../chain/state/state.ts";
import type { Block, Certificate, CertifiedBlock } from "../../chain/types/block.ts";
import type { Evidence } from "../../chain/types/evidence.ts";
import type { Job } from "../../chain/types/job.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { type VerifiedTransactions, verifyTransactions } from "../../chain/verify-signatures.ts";
import { crashPoint } from "../crash-points.ts";
import { SerialQueue } from "../serial-queue.ts";
import type { ChainStore, FinalChange } from "../store/chain-store.ts";
import type { Measure } from "../telemetry/block-times.ts";
import { checkParentCertificate } from "./parent-certificate.ts";
import type { ChainTip } from "./tip.ts";

export interface FinalBlock {
  readonly block: Block;
  readonly hash: Uint8Array;
  readonly certificate: Certificate;
  /** The jobs that it changed, by index, as they are after it; the state no longer has those that it settled. */
  readonly jobs: ReadonlyMap<number, Job>;
}

/** Verifies the certificates of a block, given the head to which the block applies. */
export type ProveBlock = (certified: CertifiedBlock, head: Head) => Promise<void>;

/** What makes final blocks durable. */
export interface BlockSink {
  commitAll(blocks: readonly FinalChange[]): Promise<void>;
}

export interface ChainModules<S extends BlockSink = ChainStore> {
  readonly store: S;
  readonly verified: VerifiedTransactions;
  /** The equal transaction that waits in the mempool, if there is one; otherwise the given one. */
  known(signed: SignedTransaction): SignedTransaction;
  readonly measure?: Measure;
}

/**
 * Applied blocks are stored and announced after this time at the latest. So batches are short on a slow machine:
 * readers see the chain move, and the work that follows from blocks is spread.
 */
const BATCH_MS = 250;

/** @template S the store of this chain; a replay has one of its own */
export class Chain<S extends BlockSink = ChainStore> {
  readonly genesisRoot: Uint8Array;
  readonly store: S;
  readonly verified: VerifiedTransactions;
  readonly #known: ChainModules["known"];
  readonly #measure: Measure;
  readonly #queue = new SerialQueue();
  readonly #listeners = new Set<(final: FinalBlock) => void>();
  #head: Head;
  #tip: ChainTip;

  constructor(
    options: { genesisRoot: Uint8Array; head: Head; tip: ChainTip },
    { store, verified, known, measure = () => {} }: ChainModules<S>,
  ) {
    this.genesisRoot = options.genesisRoot;
    this.#head = options.head;
    this.#tip = options.tip;
    this.store = store;
    this.verified = verified;
    this.#known = known;
    this.#measure = measure;
  }

  get head(): Head {
    return this.#head;
  }

  get state(): State {
    return this.#head.state;
  }

  get height(): number {
    return this.#head.state.height;
  }

  get tip(): ChainTip {
    return this.#tip;
  }

  onBlock(listener: (final: FinalBlock) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Checks everything about a proposed block except its proposer: signatures, the parent's certificate and the state
   * transition.
   * @throws InvalidBlock, TransactionError, InvalidCertificate
   */
  async check(block: Block): Promise<AppliedBlock> {
    const head = this.#head;
    await checkParentCertificate(block, this.#tip, this.genesisRoot);
    return this.#apply(head, block);
  }

  /** Everything except the certificates. */
  async #apply(head: Head, block: Block): Promise<AppliedBlock> {
    const { evidence } = block.body;
    for (const piece of evidence) await this.#checkEvidence(head.state, piece);
    const transactions = block.body.transactions.map(this.#known);
    const begin = performance.now();
    await verifyTransactions(head.state, this.genesisRoot, transactions, this.verified);
    const verified = performance.now();
    const applied = applyBlock(head, { ...block, body: { ...block.body, transactions } });
    this.#measure("verify", verified - begin);
    this.#measure("apply", performance.now() - verified);
    return applied;
  }

  /** A fault may have happened at the height of the block that punishes it. */
  async #checkEvidence(state: State, evidence: Evidence): Promise<void> {
    const next = state.fork();
    next.meta = { ...next.meta, height: state.height + 1 };
    await verifyEvidence(next, this.genesisRoot, evidence);
  }

  /** Adds a block whose certificate this node has seen. Does nothing when the chain is already further on. */
  commit(applied: AppliedBlock, certificate: Certificate): Promise<boolean> {
    return this.#queue.run(async () => {
      if (!equalBytes(applied.block.header.parent, this.#head.hash)) return false;
      await this.#append(applied, certificate);
      return true;
    });
  }

  /**
   * Adds a block from a peer: certificates, signatures and transition are checked.
   * @returns false when it is no longer the next height
   * @throws as `check`, and InvalidCertificate
   */
  import(certified: CertifiedBlock): Promise<boolean> {
    return this.#queue.run(async () => {
      if (certified.block.header.height !== this.height + 1) return false;
      await this.#importBatch([certified], async ({ block, certificate }, { state }) => {
        const { genesisRoot } = this;
        await checkParentCertificate(block, this.#tip, genesisRoot);
        await verifyCertificate(certificate, state.seats, { genesisRoot, verify });
      });
      return true;
    });
  }

  /**
   * Adds consecutive final blocks and makes them durable in few batches: a crash keeps all of a batch or none of it.
   * Blocks that are already in the chain are skipped. Other work of the node gets a turn after each block.
   * @param prove checks both certificates of a block; for callers that have verified them ahead
   * @throws as `import`, for the first block that is not valid; those before it have been added
   */
  importAll(blocks: readonly CertifiedBlock[], prove: ProveBlock): Promise<void> {
    return this.#queue.run(async () => {
      let missing = blocks.filter(({ block }) => block.header.height > this.height);
      while (missing[0]?.block.header.height === this.height + 1) {
        missing = missing.slice(await this.#importBatch(missing, prove));
      }
    });
  }

  /** @returns how many were added, at least one */
  async #importBatch(blocks: readonly CertifiedBlock[], prove: ProveBlock): Promise<number> {
    const gathered = this.state.fork();
    const changes: FinalChange[] = [];
    let head: Head = { state: gathered, hash: this.#head.hash };
    let failure: { readonly error: unknown } | undefined;
    const begin = performance.now();
    for (const certified of blocks) {
      try {
        const change = await this.#importOne(certified, head, prove);
        changes.push(change);
        head = { state: gathered, hash: change.hash };
      } catch (error) {
        failure = { error };
        break;
      }
      if (blocks.length > 1) await pause();
      if (performance.now() - begin >= BATCH_MS) break;
    }
    await this.#take(changes, gathered);
    if (failure !== undefined) throw failure.error;
    return changes.length;
  }

  /** Applies a block to a head whose state collects the changes of several blocks. */
  async #importOne(certified: CertifiedBlock, head: Head, prove: ProveBlock): Promise<FinalChange> {
    const { certificate } = certified;
    await prove(certified, head);
    const applied = await this.#apply(head, certified.block);
    checkNames(certificate, applied);
    const { hash, state } = applied;
    const { seats } = head.state;
    const change = seatChange(head.state, applied, certificate);
    const changes = state.changes();
    head.state.absorb(state);
    // The block as it was applied: it contains the transaction objects whose ids are already computed.
    const taken = { block: applied.block, certificate };
    return { certified: taken, hash, changes, seats, seatChange: change };
  }

  async #append(applied: AppliedBlock, certificate: Certificate): Promise<void> {
    const { block, hash, state } = applied;
    const { seats } = this.state;
    const change = seatChange(this.state, applied, certificate);
    const certified = { block, certificate };
    await this.#take(
      [{ certified, hash, changes: state.changes(), seats, seatChange: change }],
      state,
    );
  }

  /** @param state a fork of the head's state that contains all these changes */
  async #take(changes: readonly FinalChange[], state: State): Promise<void> {
    const last = changes.at(-1);
    if (last === undefined) return;
    crashPoint("block-certified");
    const begin = performance.now();
    await this.store.commitAll(changes);
    this.#measure("commit", performance.now() - begin);
    crashPoint("block-written");
    this.state.absorb(state);
    this.#head = { state: this.state, hash: last.hash };
    const { block, certificate } = last.certified;
    this.#tip = { header: block.header, certificate, seats: last.seats };
    crashPoint("block-taken");
    for (const { certified, hash, changes: changed } of changes) {
      const final = { ...certified, hash, jobs: changed.jobs };
      for (const listener of this.#listeners) listener(final);
    }
    crashPoint("block-announced");
  }

  /** Moves a chain without blocks to a state that was verified and stored (node/snapshots/). */
  restart(head: Head, tip: ChainTip): Promise<void> {
    return this.#queue.run(async () => {
      if (this.height !== 0) throw new TypeError(`the chain is at height ${this.height} already`);
      this.#head = head;
      this.#tip = tip;
    });
  }

  /** Waits for what is being written. */
  async idle(): Promise<void> {
    await this.#queue.idle();
  }
}

function checkNames(certificate: Certificate, { hash, block }: AppliedBlock): void {
  if (certificate.height !== block.header.height || !equalBytes(certificate.blockHash, hash)) {
    throw new InvalidBlock("the certificate that came with the block names another one", {
      code: "CERTIFICATE_OF_ANOTHER_BLOCK",
    });
  }
}

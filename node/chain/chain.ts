/**
 * The node's copy of the chain: the head, and the only two ways to extend it. Whatever extends it
 * is stored first, in one synced batch, and announced after.
 */
import { type AppliedBlock, applyBlock, type Head } from "../../chain/apply-block.ts";
import { InvalidBlock } from "../../chain/block-error.ts";
import { equalBytes } from "../../chain/crypto/hash.ts";
import { verify } from "../../chain/crypto/keys.ts";
import { verifyEvidence } from "../../chain/evidence/verify-evidence.ts";
import { verifyCertificate } from "../../chain/finality/certificate.ts";
import { seatChange } from "../../chain/light/seat-change.ts";
import type { State } from "../../chain/state/state.ts";
import type { Block, Certificate, CertifiedBlock } from "../../chain/types/block.ts";
import type { Evidence } from "../../chain/types/evidence.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { type VerifiedTransactions, verifyTransactions } from "../../chain/verify-signatures.ts";
import { SerialQueue } from "../serial-queue.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { checkParentCertificate } from "./parent-certificate.ts";
import type { ChainTip } from "./tip.ts";

export interface FinalBlock {
  readonly block: Block;
  readonly hash: Uint8Array;
  readonly certificate: Certificate;
}

/** Verifies what certifies a block, given the state the block applies to. */
export type ProveBlock = (certified: CertifiedBlock, state: State) => Promise<void>;

export interface ChainModules {
  readonly store: ChainStore;
  readonly verified: VerifiedTransactions;
  /** The transaction that waits in the mempool, where an equal one does. */
  known(signed: SignedTransaction): SignedTransaction;
}

export class Chain {
  readonly genesisRoot: Uint8Array;
  readonly store: ChainStore;
  readonly verified: VerifiedTransactions;
  readonly #known: ChainModules["known"];
  readonly #queue = new SerialQueue();
  readonly #listeners = new Set<(final: FinalBlock) => void>();
  #head: Head;
  #tip: ChainTip;

  constructor(
    options: { genesisRoot: Uint8Array; head: Head; tip: ChainTip },
    { store, verified, known }: ChainModules,
  ) {
    this.genesisRoot = options.genesisRoot;
    this.#head = options.head;
    this.#tip = options.tip;
    this.store = store;
    this.verified = verified;
    this.#known = known;
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
   * Everything about a proposed block but who proposed it: signatures, the parent's certificate
   * and the state transition.
   * @throws InvalidBlock, TransactionError, InvalidCertificate
   */
  async check(block: Block): Promise<AppliedBlock> {
    const head = this.#head;
    await checkParentCertificate(block, this.#tip, this.genesisRoot);
    return this.#apply(head, block);
  }

  /** Everything but the certificates. */
  async #apply(head: Head, block: Block): Promise<AppliedBlock> {
    const { evidence } = block.body;
    for (const piece of evidence) await this.#checkEvidence(head.state, piece);
    const transactions = block.body.transactions.map(this.#known);
    await verifyTransactions(head.state, this.genesisRoot, transactions, this.verified);
    return applyBlock(head, { ...block, body: { ...block.body, transactions } });
  }

  /** A fault may belong to the very height of the block that punishes it. */
  async #checkEvidence(state: State, evidence: Evidence): Promise<void> {
    const next = state.fork();
    next.meta = { ...next.meta, height: state.height + 1 };
    await verifyEvidence(next, this.genesisRoot, evidence);
  }

  /** Takes a block this node saw certified. Does nothing when the chain has moved on already. */
  commit(applied: AppliedBlock, certificate: Certificate): Promise<boolean> {
    return this.#queue.run(async () => {
      if (!equalBytes(applied.block.header.parent, this.#head.hash)) return false;
      await this.#append(applied, certificate);
      return true;
    });
  }

  /**
   * Takes a block from a peer: certificates, signatures and transition are checked.
   * @param prove for whoever verified both certificates ahead (node/network/proof-ahead.ts)
   * @returns false when it is not the next height any more
   * @throws as `check`, and InvalidCertificate
   */
  import(certified: CertifiedBlock, prove: ProveBlock = this.#prove): Promise<boolean> {
    return this.#queue.run(async () => {
      const { block, certificate } = certified;
      if (block.header.height !== this.height + 1) return false;
      await prove(certified, this.state);
      const applied = await this.#apply(this.#head, block);
      checkNames(certificate, applied);
      await this.#append(applied, certificate);
      return true;
    });
  }

  readonly #prove: ProveBlock = async ({ block, certificate }, { seats }) => {
    const { genesisRoot } = this;
    await checkParentCertificate(block, this.#tip, genesisRoot);
    await verifyCertificate(certificate, seats, { genesisRoot, verify });
  };

  async #append(applied: AppliedBlock, certificate: Certificate): Promise<void> {
    const { seats } = this.state;
    await this.store.commit(
      applied,
      certificate,
      seats,
      seatChange(this.state, applied, certificate),
    );
    this.state.absorb(applied.state);
    this.#head = { state: this.state, hash: applied.hash };
    this.#tip = { header: applied.block.header, certificate, seats };
    const final = { block: applied.block, hash: applied.hash, certificate };
    for (const listener of this.#listeners) listener(final);
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

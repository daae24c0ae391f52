/**
 * Proofs of blocks that will be applied in order; they are verified on the thread pool while earlier blocks are being
 * applied.
 *
 * Blocks are linked by hash, so one certificate proves a whole run of them: every voter has verified the parent of the
 * block it votes for. Only the last certificate of a run is verified. The other certificates are those that the next
 * block carries for its parent, and its header contains their root. The seats that certify a block are known at most
 * one epoch ahead. The header contains their root, and applying the block proves that the root is right, so a run is a
 * sequence of blocks with one such root.
 */
import { rootMismatch } from "../../chain/check-block.ts";
import { equalBytes, toHex } from "../../chain/crypto/hash.ts";
import { verify } from "../../chain/crypto/keys.ts";
import { verifyCertificate } from "../../chain/finality/certificate.ts";
import type { State } from "../../chain/state/state.ts";
import { ruleOf } from "../../chain/transactions/rules.ts";
import { Certificate, type CertifiedBlock } from "../../chain/types/block.ts";
import type { Seat } from "../../chain/types/node.ts";
import { Seats } from "../../chain/types/state.ts";
import { kindOf } from "../../chain/types/transaction.ts";
import { type VerifiedTransactions, verifyTransactions } from "../../chain/verify-signatures.ts";

export interface ProofModules {
  readonly genesisRoot: Uint8Array;
  readonly verified: VerifiedTransactions;
}

/** The largest number of blocks in a run; the next run is started so many blocks before the end of the current one. */
const RUN_BLOCKS = 64;
const AHEAD = 32;

type Outcome = { readonly error?: unknown };

interface Started {
  /** Position of the block whose certificate proves this one. */
  readonly provenBy: number;
  readonly outcome: Promise<Outcome>;
}

export class ProofAhead {
  /** The blocks with the certificates to store with them. */
  readonly blocks: readonly CertifiedBlock[];
  readonly #given: readonly CertifiedBlock[];
  readonly #modules: ProofModules;
  readonly #seats = new Map<string, readonly Seat[]>();
  readonly #roots = new WeakMap<readonly Seat[], string>();
  readonly #started: Started[] = [];

  /** @param blocks consecutive heights, each with a certificate for it */
  constructor(blocks: readonly CertifiedBlock[], modules: ProofModules) {
    this.blocks = blocks.map(({ block, certificate }, i) => ({
      block,
      certificate: blocks[i + 1]?.block.parentCertificate ?? certificate,
    }));
    this.#given = blocks;
    this.#modules = modules;
  }

  /**
   * Resolves when block `index` is proven final. Call it in order, with the state to which the block applies.
   * @throws InvalidBlock, InvalidCertificate
   */
  async prove(index: number, state: State): Promise<void> {
    for (const seats of [state.nextSeats, state.seats]) this.#seats.set(this.#rootOf(seats), seats);
    const block = this.blocks[index];
    if (block === undefined) throw new RangeError(`no block ${index}`);
    const { seatsRoot } = block.block.header;
    if (this.#rootOf(state.seats) !== toHex(seatsRoot)) {
      throw rootMismatch("seatsRoot", Seats.hashTreeRoot([...state.seats]), seatsRoot);
    }
    while (this.#started.length < Math.min(this.blocks.length, index + AHEAD)) {
      if (!this.#startRun(this.#started.length, state)) break;
    }
    const started = this.#started[index];
    const { error } = (await started?.outcome) ?? {};
    if (error !== undefined) throw error;
    if (started !== undefined && started.provenBy > index) this.#checkCarried(index);
  }

  /** A certificate that is not verified itself must be the one that the next header names. */
  #checkCarried(index: number): void {
    const [block, next] = [this.blocks[index], this.blocks[index + 1]];
    if (block === undefined || next === undefined) return;
    const carried = Certificate.hashTreeRoot(block.certificate);
    const named = next.block.header.parentCertificate;
    if (!equalBytes(carried, named)) throw rootMismatch("parentCertificate", named, carried);
  }

  /** @returns false when the seats of the next run are not known yet */
  #startRun(from: number, state: State): boolean {
    const root = toHex(this.blocks[from]?.block.header.seatsRoot ?? new Uint8Array(0));
    const seats = this.#seats.get(root);
    if (seats === undefined) return false;
    let end = from + 1;
    while (end < from + RUN_BLOCKS && this.#continues(end, root)) end++;
    const run = this.blocks.slice(from, end);
    const last = run.at(-1);
    if (last === undefined) return false;
    const { genesisRoot } = this.#modules;
    const proven = verifyCertificate(last.certificate, seats, { genesisRoot, verify });
    const provenBy = end - 1;
    for (const { block } of run) {
      const work = Promise.all([proven, this.#verifyPlain(block.body.transactions, state)]);
      const outcome = work.then(
        (): Outcome => ({}),
        (error: unknown): Outcome => ({ error }),
      );
      this.#started.push({ provenBy, outcome });
    }
    return true;
  }

  /** Whether a block has the previous one as its parent, and these seats. */
  #continues(index: number, seatsRoot: string): boolean {
    const [before, block] = [this.#given[index - 1], this.#given[index]];
    if (before === undefined || block === undefined) return false;
    const { parent, seatsRoot: root } = block.block.header;
    return equalBytes(before.certificate.blockHash, parent) && toHex(root) === seatsRoot;
  }

  /**
   * What a signature inside a payload must match depends on the state, so transactions with such signatures wait for
   * the state of the block. Applying the block verifies all of them again.
   */
  async #verifyPlain(
    transactions: CertifiedBlock["block"]["body"]["transactions"],
    state: State,
  ): Promise<void> {
    const { genesisRoot, verified } = this.#modules;
    const plain = transactions.filter(
      ({ transaction }) => ruleOf(kindOf(transaction)).innerSignatures === undefined,
    );
    await verifyTransactions(state, genesisRoot, plain, verified).catch(() => undefined);
  }

  #rootOf(seats: readonly Seat[]): string {
    const known = this.#roots.get(seats);
    if (known !== undefined) return known;
    const root = toHex(Seats.hashTreeRoot([...seats]));
    this.#roots.set(seats, root);
    return root;
  }
}

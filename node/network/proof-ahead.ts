/**
 * Signatures of blocks that are to be applied in order, verified on the thread pool while the blocks
 * before them are being applied. Which seats certify a block is known one epoch ahead at most; the
 * header names them by their root, and applying the block proves that it named the right ones, so a
 * certificate may be verified against any list of seats that has this root.
 */
import { InvalidBlock } from "../../chain/block-error.ts";
import { equalBytes, toHex } from "../../chain/crypto/hash.ts";
import { verify } from "../../chain/crypto/keys.ts";
import { verifyCertificate } from "../../chain/finality/certificate.ts";
import type { State } from "../../chain/state/state.ts";
import { kindOf } from "../../chain/transactions/fee.ts";
import { ruleOf } from "../../chain/transactions/rules.ts";
import type { Certificate, CertifiedBlock } from "../../chain/types/block.ts";
import type { Seat } from "../../chain/types/node.ts";
import { Seats } from "../../chain/types/state.ts";
import { type VerifiedTransactions, verifyTransactions } from "../../chain/verify-signatures.ts";

export interface ProofModules {
  readonly genesisRoot: Uint8Array;
  readonly verified: VerifiedTransactions;
}

/** The block before the first one, as far as it is known: undefined at genesis. */
export interface ProvenTip {
  readonly certificate: Certificate | undefined;
  readonly seats: readonly Seat[];
}

/** Blocks whose signatures are verified ahead of the one that is being applied. */
const AHEAD = 48;

type Outcome = { readonly error?: unknown };

export class ProofAhead {
  readonly #blocks: readonly CertifiedBlock[];
  readonly #modules: ProofModules;
  readonly #tip: ProvenTip;
  readonly #seats = new Map<string, readonly Seat[]>();
  readonly #roots = new WeakMap<readonly Seat[], string>();
  readonly #running: Promise<Outcome>[] = [];

  /** @param blocks consecutive, each the parent of the next by hash */
  constructor(blocks: readonly CertifiedBlock[], tip: ProvenTip, modules: ProofModules) {
    this.#blocks = blocks;
    this.#tip = tip;
    this.#modules = modules;
    this.#learn([tip.seats]);
  }

  /**
   * Resolves when the certificate of block `index` and the one it carries for its parent hold. Call it
   * in order, with the state the block applies to.
   * @throws InvalidBlock, InvalidCertificate
   */
  async prove(index: number, state: State): Promise<void> {
    this.#learn([state.seats, state.nextSeats]);
    const block = this.#blocks[index];
    if (block === undefined) throw new RangeError(`no block ${index}`);
    const { seatsRoot } = block.block.header;
    if (this.#rootOf(state.seats) !== toHex(seatsRoot)) throw wrongSeats(state, seatsRoot);
    while (this.#running.length < Math.min(this.#blocks.length, index + AHEAD)) {
      if (!this.#start(this.#running.length, state)) break;
    }
    const outcome = await this.#running[index];
    if (outcome?.error !== undefined) throw outcome.error;
  }

  #learn(lists: readonly (readonly Seat[])[]): void {
    for (const seats of lists) this.#seats.set(this.#rootOf(seats), seats);
  }

  #rootOf(seats: readonly Seat[]): string {
    const known = this.#roots.get(seats);
    if (known !== undefined) return known;
    const root = toHex(Seats.hashTreeRoot([...seats]));
    this.#roots.set(seats, root);
    return root;
  }

  /** @returns false when the seats of the block are not known yet */
  #start(index: number, state: State): boolean {
    const certified = this.#blocks[index];
    const seats = this.#seatsOf(certified);
    if (certified === undefined || seats === undefined) return false;
    const { genesisRoot, verified } = this.#modules;
    // What a signature inside a payload must match depends on the state, so transactions that carry
    // such wait until the block's own state is there. Whoever applies the block asks for all again.
    const plain = certified.block.body.transactions.filter(
      ({ transaction }) => ruleOf(kindOf(transaction)).innerSignatures === undefined,
    );
    const work = [
      verifyCertificate(certified.certificate, seats, { genesisRoot, verify }),
      this.#proveParent(index, certified),
      verifyTransactions(state, genesisRoot, plain, verified).catch(() => undefined),
    ];
    const outcome: Promise<Outcome> = Promise.all(work).then(
      () => ({}),
      (error: unknown) => ({ error }),
    );
    this.#running.push(outcome);
    return true;
  }

  /** The certificate inside a block is mostly the very one that came with its parent. */
  async #proveParent(index: number, { block }: CertifiedBlock): Promise<void> {
    const parent = this.#blocks[index - 1];
    const known = index === 0 ? this.#tip.certificate : parent?.certificate;
    if (known === undefined) return;
    const { parentCertificate } = block;
    if (sameCertificate(parentCertificate, known)) return;
    const seats = index === 0 ? this.#tip.seats : this.#seatsOf(parent);
    const { genesisRoot } = this.#modules;
    await verifyCertificate(parentCertificate, seats ?? [], { genesisRoot, verify });
  }

  #seatsOf(certified: CertifiedBlock | undefined): readonly Seat[] | undefined {
    if (certified === undefined) return undefined;
    return this.#seats.get(toHex(certified.block.header.seatsRoot));
  }
}

function sameCertificate(a: Certificate, b: Certificate): boolean {
  return (
    a.round === b.round &&
    a.signatures.length === b.signatures.length &&
    equalBytes(a.blockHash, b.blockHash) &&
    a.signatures.every(({ seat, signature }, i) => {
      const other = b.signatures[i];
      return other?.seat === seat && equalBytes(signature, other.signature);
    })
  );
}

function wrongSeats({ seats }: State, given: Uint8Array): InvalidBlock {
  const [expected, actual] = [toHex(Seats.hashTreeRoot([...seats])), toHex(given)];
  return new InvalidBlock(`seatsRoot is ${actual}, expected ${expected}`, {
    code: "ROOT_MISMATCH",
    field: "seatsRoot",
    expected,
    actual,
  });
}

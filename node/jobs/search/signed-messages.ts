/**
 * Whether the signatures hold that a member's message carries; nothing of it is looked at before. They are verified on
 * the thread pool: a manager of a thousand lanes signs hundreds of entries a second.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { equalBytes, toHex } from "../../../chain/crypto/hash.ts";
import { verify } from "../../../chain/crypto/keys.ts";
import type { SignedLeaseEntry, SignedLeasePromise } from "../../../chain/types/lease.ts";
import {
  leaseRoot,
  leaseSigningRoot,
  promiseSigningRoot,
} from "../../../chain/workload/search/lease-log.ts";
import type { MemberMessage } from "./leases/member-messages.ts";
import type { RoundPlace } from "./member-wire.ts";

export type Verify = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean>;

export interface SignedMessagesOptions extends RoundPlace {
  readonly genesisRoot: Uint8Array;
  readonly team: readonly number[];
  /** Public key of a node. */
  keyOf(node: number): Uint8Array;
  /** Default: on the thread pool. */
  readonly verify?: Verify | undefined;
}

/** Roots that were verified lately: members send entries on to each other, and again. */
const REMEMBERED = 4_096;
/** So that other users of the thread pool, such as writes to disk, wait for no more than these. */
const AT_ONCE = 128;
/** An entry that is known is decoded and hashed again on the main thread, which takes 0.1 ms: of a signature's cost. */
const KNOWN_COST = 1 / 4;
/** Signed values that are hashed before other work of the main thread has its turn. */
const HASHED_AT_ONCE = 64;

export interface Looked {
  readonly isRight: boolean;
  /** In signatures. */
  readonly cost: number;
}

interface Check {
  /** By which it is remembered. */
  readonly name: string;
  readonly signer: number;
  readonly root: Uint8Array;
  readonly signature: Uint8Array;
}

export class SignedMessages {
  readonly #options: SignedMessagesOptions;
  readonly #verify: Verify;
  readonly #verified = new Set<string>();
  #checks = 0;

  constructor(options: SignedMessagesOptions) {
    this.#options = options;
    this.#verify = options.verify ?? verify;
  }

  /** Signatures that were worked out so far, each of them some tenths of a millisecond. */
  get checks(): number {
    return this.#checks;
  }

  /** Whether the signatures hold, and what it took to find out, in signatures: those that are known are not free. */
  async look(message: MemberMessage): Promise<Looked> {
    const carried = signaturesIn(message);
    const checks = await this.#checksOf(message);
    if (checks === undefined) return { isRight: false, cost: carried * KNOWN_COST };
    const news = [...new Map(checks.map((check) => [check.name, check])).values()].filter(
      ({ name }) => !this.#verified.has(name),
    );
    const known = carried - news.length;
    let isRight = true;
    let worked = 0;
    for (let at = 0; at < news.length && isRight; at += AT_ONCE) {
      const some = news.slice(at, at + AT_ONCE);
      worked += some.length;
      const right = await Promise.all(some.map((check) => this.#check(check)));
      isRight = !right.includes(false);
    }
    return { isRight, cost: worked + known * KNOWN_COST };
  }

  async areRight(message: MemberMessage): Promise<boolean> {
    return (await this.look(message)).isRight;
  }

  /** @returns undefined where a signer is not of the team, or a signature is for another round */
  async #checksOf(message: MemberMessage): Promise<readonly Check[] | undefined> {
    const checks: Check[] = [];
    for (const check of this.#checksIn(message)) {
      if (check === undefined) return undefined;
      checks.push(check);
      // A message may carry a thousand of them.
      if (checks.length % HASHED_AT_ONCE === 0) await nextTurn();
    }
    return checks;
  }

  *#checksIn(message: MemberMessage): Generator<Check | undefined> {
    if (message.kind === "promise") yield this.#ofPromise(message.signed);
    if (message.kind !== "append" && message.kind !== "entries") return;
    for (const { signed, proof } of message.entries) {
      const { promises = [], fork = [] } = proof ?? {};
      for (const one of [signed, ...fork]) yield this.#ofEntry(one);
      for (const one of promises) yield this.#ofPromise(one);
    }
  }

  #ofEntry({ entry, signature }: SignedLeaseEntry): Check | undefined {
    const { genesisRoot, team } = this.#options;
    if (!this.#isHere(entry) || !team.includes(entry.manager)) return undefined;
    const name = `${toHex(leaseRoot(entry))}${toHex(signature)}`;
    const root = leaseSigningRoot(genesisRoot, entry);
    return { name, signer: entry.manager, root, signature };
  }

  #ofPromise({ promise, signature }: SignedLeasePromise): Check | undefined {
    const { genesisRoot, team } = this.#options;
    if (!this.#isHere(promise) || !team.includes(promise.member)) return undefined;
    const root = promiseSigningRoot(genesisRoot, promise);
    const name = `${toHex(root)}${toHex(signature)}`;
    return { name, signer: promise.member, root, signature };
  }

  #isHere({ job, round }: RoundPlace): boolean {
    return equalBytes(job, this.#options.job) && round === this.#options.round;
  }

  async #check({ name, signer, root, signature }: Check): Promise<boolean> {
    this.#checks += 1;
    const isRight = await this.#verify(this.#options.keyOf(signer), root, signature);
    if (!isRight) return false;
    if (this.#verified.size >= REMEMBERED) this.#verified.clear();
    this.#verified.add(name);
    return true;
  }
}

function signaturesIn(message: MemberMessage): number {
  if (message.kind === "promise") return 1;
  if (message.kind !== "append" && message.kind !== "entries") return 0;
  let count = 0;
  for (const { proof } of message.entries) {
    count += 1 + (proof?.promises.length ?? 0) + (proof?.fork?.length ?? 0);
  }
  return count;
}

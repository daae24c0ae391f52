/** Whether the signatures hold that a member's message carries; nothing of it is looked at before. */
import { equalBytes, toHex } from "../../../chain/crypto/hash.ts";
import { verifySync } from "../../../chain/crypto/keys.ts";
import type { SignedLeaseEntry, SignedLeasePromise } from "../../../chain/types/lease.ts";
import {
  leaseRoot,
  leaseSigningRoot,
  promiseSigningRoot,
} from "../../../chain/workload/search/lease-log.ts";
import type { LogEntry, MemberMessage } from "./leases/member-messages.ts";
import type { RoundPlace } from "./member-wire.ts";

export interface SignedMessagesOptions extends RoundPlace {
  readonly genesisRoot: Uint8Array;
  readonly team: readonly number[];
  /** Public key of a node. */
  keyOf(node: number): Uint8Array;
}

/** Roots that were verified lately: members send entries on to each other, and again. */
const REMEMBERED = 4_096;

export class SignedMessages {
  readonly #options: SignedMessagesOptions;
  readonly #verified = new Set<string>();
  #checks = 0;

  constructor(options: SignedMessagesOptions) {
    this.#options = options;
  }

  /** Signatures that were worked out so far, each of them some tenths of a millisecond. */
  get checks(): number {
    return this.#checks;
  }

  areRight(message: MemberMessage): boolean {
    switch (message.kind) {
      case "append":
      case "entries":
        return message.entries.every((entry) => this.#isRightEntry(entry));
      case "promise":
        return this.#isRightPromise(message.signed);
      default:
        return true;
    }
  }

  #isRightEntry({ signed, proof }: LogEntry): boolean {
    if (!this.#isSigned(signed)) return false;
    if (proof === undefined) return true;
    const { promises, fork = [] } = proof;
    return (
      promises.every((promise) => this.#isRightPromise(promise)) &&
      fork.every((one) => this.#isSigned(one))
    );
  }

  #isSigned({ entry, signature }: SignedLeaseEntry): boolean {
    const { genesisRoot, team, keyOf } = this.#options;
    if (!this.#isHere(entry) || !team.includes(entry.manager)) return false;
    const name = `${toHex(leaseRoot(entry))}${toHex(signature)}`;
    if (this.#verified.has(name)) return true;
    const root = leaseSigningRoot(genesisRoot, entry);
    return this.#keep(name, this.#check(keyOf(entry.manager), root, signature));
  }

  #isRightPromise({ promise, signature }: SignedLeasePromise): boolean {
    const { genesisRoot, team, keyOf } = this.#options;
    if (!this.#isHere(promise) || !team.includes(promise.member)) return false;
    const root = promiseSigningRoot(genesisRoot, promise);
    const name = `${toHex(root)}${toHex(signature)}`;
    if (this.#verified.has(name)) return true;
    return this.#keep(name, this.#check(keyOf(promise.member), root, signature));
  }

  #isHere({ job, round }: RoundPlace): boolean {
    return equalBytes(job, this.#options.job) && round === this.#options.round;
  }

  #check(publicKey: Uint8Array, root: Uint8Array, signature: Uint8Array): boolean {
    this.#checks += 1;
    return verifySync(publicKey, root, signature);
  }

  #keep(name: string, isRight: boolean): boolean {
    if (!isRight) return false;
    if (this.#verified.size >= REMEMBERED) this.#verified.clear();
    this.#verified.add(name);
    return true;
  }
}

/**
 * Notices of finds from other nodes, each of which costs a hash, and with a stranger's algorithm a task of a worker. A
 * node has as many as a claim can name, tries of lost messages apart, and none any more after one that was false.
 */
import type { JobSpec } from "../../../chain/types/job.ts";
import { MAX_FINDS } from "../../../chain/types/search.ts";
import { isFind, type NonceDigests } from "./find-check.ts";

/** Checks that may fail here, for want of a worker, before a node's notices are passed over. */
const MOST_CHECKS = 2 * MAX_FINDS;

interface Sender {
  /** Those that were told and are right, or are being looked at. */
  readonly nonces: Set<bigint>;
  checks: number;
  isFalse: boolean;
}

export class FindNotices {
  readonly #spec: JobSpec;
  readonly #digests: NonceDigests;
  readonly #right = new Set<bigint>();
  readonly #senders = new Map<number, Sender>();

  constructor(spec: JobSpec, digests: NonceDigests) {
    this.#spec = spec;
    this.#digests = digests;
  }

  /** @returns whether this is a find, as far as is known here; false also for what is not looked at */
  async isRight(nonce: bigint, node: number, signal: AbortSignal): Promise<boolean> {
    if (this.#right.has(nonce)) return true;
    const sender = this.#senderOf(node);
    const { nonces } = sender;
    const isFull = nonces.size >= MAX_FINDS || sender.checks >= MOST_CHECKS;
    if (sender.isFalse || isFull || nonces.has(nonce)) return false;
    nonces.add(nonce);
    sender.checks++;
    try {
      const isRight = await isFind(this.#spec, nonce, this.#digests, signal);
      if (isRight) this.#right.add(nonce);
      else sender.isFalse = true;
      return isRight;
    } catch {
      // No fault of the sender: it may tell it again.
      nonces.delete(nonce);
      return false;
    }
  }

  #senderOf(node: number): Sender {
    let sender = this.#senders.get(node);
    if (sender === undefined) {
      sender = { nonces: new Set(), checks: 0, isFalse: false };
      this.#senders.set(node, sender);
    }
    return sender;
  }
}

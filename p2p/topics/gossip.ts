/**
 * The checks between gossipsub and our handlers: limits on size, rate and load before a handler runs, a deadline while
 * it runs, and the step from its verdict to "forward", "drop" or "drop and blame the neighbour". Messages name no
 * author (StrictNoSign): what must be signed is signed inside. The neighbour is responsible for what it relays, so a
 * node forwards nothing that it has not checked.
 */
import { PomlError } from "../../chain/errors.ts";
import { P2pError, reasonOf } from "../errors.ts";
import type { Log } from "../log.ts";
import { TokenBuckets } from "../token-bucket.ts";
import { TOPICS, type TopicName } from "./topics.ts";

/** accept: valid, pass it on. ignore: too early, known already, or undecidable. reject: provably invalid. */
export type Verdict = "accept" | "ignore" | "reject";

/**
 * It may throw a PomlError instead: the action of the error decides the verdict, and its code the cost for the
 * neighbour.
 */
export type TopicHandler = (message: Uint8Array, from: string) => Verdict | Promise<Verdict>;

export interface GossipModules {
  readonly log: Log;
  now(): number;
  report(peer: string, error: unknown): void;
}

export class TopicGate {
  readonly #topic: TopicName;
  readonly #handler: TopicHandler;
  readonly #modules: GossipModules;
  readonly #buckets: TokenBuckets;
  #pending = 0;

  constructor(topic: TopicName, handler: TopicHandler, modules: GossipModules) {
    this.#topic = topic;
    this.#handler = handler;
    this.#modules = modules;
    this.#buckets = new TokenBuckets(TOPICS[topic].rate);
  }

  /** Never throws; blames `from` for what is provably its fault. */
  async judge(message: Uint8Array, from: string): Promise<Verdict> {
    const { log, report } = this.#modules;
    try {
      this.#admit(message, from);
      this.#pending += 1;
      try {
        const verdict = await this.#handle(message, from);
        if (verdict === "reject") throw this.#badMessage(from, "the handler refused it");
        return verdict;
      } finally {
        this.#pending -= 1;
      }
    } catch (error) {
      report(from, error);
      if (error instanceof PomlError) return error.action === "reject" ? "reject" : "ignore";
      log.error("topic handler failed", { topic: this.#topic, reason: reasonOf(error) });
      return "ignore";
    }
  }

  #admit(message: Uint8Array, from: string): void {
    const topic = this.#topic;
    const { maxBytes: limit, maxPending } = TOPICS[topic];
    const size = message.length;
    if (size > limit) throw tooLarge(topic, limit, size);
    if (size === 0) throw this.#badMessage(from, "empty");
    if (!this.#buckets.take(from, this.#modules.now())) {
      const facts = { code: "RATE_LIMITED", peer: from, protocol: topic } as const;
      throw new P2pError(`${topic}: too many messages`, facts);
    }
    if (this.#pending >= maxPending) {
      const facts = { code: "OVERLOADED", topic, limit: maxPending } as const;
      throw new P2pError(`${topic}: ${maxPending} messages are being handled already`, facts);
    }
  }

  async #handle(message: Uint8Array, from: string): Promise<Verdict> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Verdict>((resolve) => {
      timer = setTimeout(() => resolve("ignore"), TOPICS[this.#topic].deadlineMs);
    });
    try {
      return await Promise.race([this.#handler(message, from), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #badMessage(peer: string, reason: string): P2pError {
    const topic = this.#topic;
    return new P2pError(`${topic}: ${reason}`, { code: "BAD_MESSAGE", peer, topic, reason });
  }
}

/** @throws P2pError MESSAGE_TOO_LARGE, as a fault of our own */
export function checkPublishable(topic: TopicName, message: Uint8Array): void {
  const limit = TOPICS[topic].maxBytes;
  if (message.length === 0) throw new RangeError(`${topic}: an empty message`);
  if (message.length > limit) throw tooLarge(topic, limit, message.length, "local");
}

function tooLarge(topic: TopicName, limit: number, size: number, action?: "local"): P2pError {
  return new P2pError(
    `${topic}: a message of ${size} bytes is over the limit of ${limit}`,
    { code: "MESSAGE_TOO_LARGE", topic, limit, size },
    action === undefined ? {} : { action, remedy: "send less at once" },
  );
}

/**
 * What the other members of a team send to this node: taken in the order in which it came from each, once the signatures
 * that it carries hold. A member that floods the others waits for itself alone.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { TokenBuckets } from "../../../p2p/token-bucket.ts";
import type { Clock } from "../../clock.ts";
import { SerialQueue } from "../../serial-queue.ts";
import type { NodeLog } from "../../telemetry/log.ts";
import type { MemberMessage } from "./leases/member-messages.ts";
import type { SignedMessages } from "./signed-messages.ts";

export interface TeamInboxOptions {
  /** The team's nodes, in order. */
  readonly team: readonly number[];
  readonly signal: AbortSignal;
  /** @param position in the team */
  readonly onMessage: (message: MemberMessage, position: number) => void;
}

export interface TeamInboxModules {
  readonly signed: Pick<SignedMessages, "look">;
  readonly clock: Pick<Clock, "monotonic">;
  readonly log: Pick<NodeLog, "warn">;
}

/**
 * Signatures of one member that are verified: a member that floods the others must not take their threads. A manager of
 * 1,000 lanes writes some 850 entries a second. It sends those on their way again with each beat, which cost a quarter:
 * 107 a second when answers take a second.
 */
const SIGNATURES = { burst: 2_048, perSecond: 1_024 };
/** Bundles of messages of one member that wait for their signatures. */
const MOST_WAITING = 16;

interface Line {
  waiting: number;
  readonly queue: SerialQueue;
}

export class TeamInbox {
  readonly #options: TeamInboxOptions;
  readonly #modules: TeamInboxModules;
  readonly #signatures = new TokenBuckets(SIGNATURES);
  /** By position in the team. */
  readonly #lines = new Map<number, Line>();

  constructor(options: TeamInboxOptions, modules: TeamInboxModules) {
    this.#options = options;
    this.#modules = modules;
  }

  /** @returns false for a node that is no member, and for what is passed over: it comes again with the next beats */
  hasRoomFor(node: number): boolean {
    const position = this.#options.team.indexOf(node);
    if (position === -1) return false;
    if ((this.#lines.get(position)?.waiting ?? 0) >= MOST_WAITING) return false;
    return this.#signatures.take(`${position}`, this.#now, 0);
  }

  take(messages: readonly MemberMessage[], node: number): void {
    if (!this.hasRoomFor(node)) return;
    const position = this.#options.team.indexOf(node);
    const line = this.#lines.get(position) ?? { waiting: 0, queue: new SerialQueue() };
    this.#lines.set(position, line);
    const { log } = this.#modules;
    line.waiting++;
    void line.queue
      .run(() => this.#look(messages, position))
      .catch((error: unknown) => {
        log.warn("messages of a member could not be taken", { node, reason: String(error) });
      })
      .finally(() => {
        line.waiting--;
      });
  }

  async #look(messages: readonly MemberMessage[], position: number): Promise<void> {
    const { signal, onMessage } = this.#options;
    for (const message of messages) {
      if (signal.aborted) return;
      if (!this.#signatures.take(`${position}`, this.#now, 0)) return;
      const { isRight, cost } = await this.#modules.signed.look(message);
      this.#signatures.charge(`${position}`, this.#now, cost);
      // Other work of this thread has its turn between two messages.
      if (cost > 0) await nextTurn();
      if (signal.aborted) return;
      if (isRight) onMessage(message, position);
    }
  }

  get #now(): number {
    return this.#modules.clock.monotonic();
  }
}

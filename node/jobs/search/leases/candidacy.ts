/** A member that asks the others for their promises, so that it may manage: what it has, and what it lacks. */
import { equalBytes } from "../../../../chain/crypto/hash.ts";
import type { SignedLeasePromise } from "../../../../chain/types/lease.ts";
import { leaseRoot } from "../../../../chain/workload/search/lease-log.ts";
import type { Forks } from "./forks.ts";
import type { MemberLog } from "./member-log.ts";
import { ENTRIES_A_MESSAGE } from "./member-messages.ts";
import {
  EMPTY_HEAD,
  headOfPromise,
  isFurther,
  type LogHead,
  majorityOf,
  type TeamShape,
} from "./takeover.ts";
import { BEAT_MS } from "./timing.ts";

/** A candidate whose canvass is unanswered asks again after so long. */
const AGAIN_MS = BEAT_MS;

export interface CandidacyFacts {
  readonly shape: TeamShape;
  readonly log: MemberLog;
  readonly forks: Forks;
}

/** How far the log of a member goes, as it promised. */
interface MemberHead {
  readonly member: number;
  readonly head: LogHead;
}

/** Entries to ask a member for. */
export interface Wanted {
  readonly member: number;
  readonly after: number;
}

export class Candidacy {
  readonly view: number;
  readonly #facts: CandidacyFacts;
  readonly #promises = new Map<number, SignedLeasePromise>();
  /** Members that follow another manager, as they say. */
  readonly #declined = new Set<number>();
  #askedAt: number;

  constructor(view: number, now: number, facts: CandidacyFacts) {
    this.view = view;
    this.#facts = facts;
    this.#askedAt = now;
  }

  get promises(): readonly SignedLeasePromise[] {
    return [...this.#promises.values()];
  }

  promised(member: number, signed: SignedLeasePromise): void {
    this.#promises.set(member, signed);
  }

  /** @returns whether too few are left that could promise; one member's word ends nothing where others are enough */
  declined(member: number): boolean {
    const { shape } = this.#facts;
    this.#declined.add(member);
    return shape.team.length - this.#declined.size < majorityOf(shape);
  }

  /** @returns whether it is time to ask everybody again, and then takes it that this is done */
  isDue(now: number): boolean {
    if (now - this.#askedAt < AGAIN_MS) return false;
    this.#askedAt = now;
    return true;
  }

  /** Its own promise, which it gives last, is the one that is left. Nothing is missing, and nobody's log differs. */
  get isReady(): boolean {
    if (!this.#hasEnough) return false;
    const best = this.furthest;
    if (best !== undefined && this.isMissing(best.head)) return false;
    return this.differing === undefined;
  }

  get wanted(): Wanted | undefined {
    if (!this.#hasEnough) return undefined;
    const { differing, furthest } = this;
    if (differing !== undefined) {
      const after = Math.max(0, differing.head.sequence - ENTRIES_A_MESSAGE);
      return { member: differing.member, after };
    }
    if (furthest === undefined || !this.isMissing(furthest.head)) return undefined;
    return { member: furthest.member, after: this.#facts.log.safe };
  }

  /** The member with the furthest log. */
  get furthest(): MemberHead | undefined {
    let best: MemberHead | undefined;
    for (const [member, { promise }] of this.#promises) {
      const head = headOfPromise(promise);
      if (isFurther(head, best?.head ?? EMPTY_HEAD)) best = { member, head };
    }
    return best;
  }

  /** A member that promised, and whose log of one view is not ours: one manager wrote two. */
  get differing(): MemberHead | undefined {
    const { log, forks } = this.#facts;
    for (const [member, { promise }] of this.#promises) {
      const head = headOfPromise(promise);
      const own = log.at(head.sequence)?.signed.entry;
      if (own === undefined || own.view !== head.view || forks.isVoid(head)) continue;
      if (!equalBytes(leaseRoot(own), head.root)) return { member, head };
    }
    return undefined;
  }

  /** Whether there are entries up to `head` that are not here, and are not void. */
  isMissing(head: LogHead): boolean {
    const { log, forks } = this.#facts;
    const { limit } = forks;
    if (limit !== undefined && forks.isVoid(head)) return log.length + 1 < limit.sequence;
    return isFurther(head, log.head);
  }

  get #hasEnough(): boolean {
    return this.#promises.size + 1 >= majorityOf(this.#facts.shape);
  }
}

/** A member that asks the others for their promises, so that it may manage: what it has, and what it lacks. */
import { equalBytes } from "../../../../chain/crypto/hash.ts";
import type { SignedLeasePromise } from "../../../../chain/types/lease.ts";
import { leaseRoot } from "../../../../chain/workload/search/lease-log.ts";
import type { Forks } from "./forks.ts";
import type { MemberLog } from "./member-log.ts";
import { ENTRIES_A_MESSAGE } from "./member-messages.ts";
import { headOfPromise, isFurther, type LogHead, majorityOf, type TeamShape } from "./takeover.ts";
import { BEAT_MS } from "./timing.ts";

/** A candidate whose canvass is unanswered asks again after so long. */
const AGAIN_MS = BEAT_MS;
/** Once promises are enough, so long for the entries that some of them name; then others must do. */
const PROOF_MS = 2 * BEAT_MS;

export interface CandidacyFacts {
  readonly shape: TeamShape;
  readonly log: MemberLog;
  readonly forks: Forks;
  /** Members that named entries before which they did not show: nothing waits for them, where others are enough. */
  readonly unproven: ReadonlySet<number>;
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
  #enoughAt: number | undefined;
  /** Until then it looks further down for where two logs part. */
  #looksBelowUntil = Number.NEGATIVE_INFINITY;
  /** Where two logs parted when it last looked further down, by view. */
  readonly #lookedBelow = new Map<number, number>();

  constructor(view: number, now: number, facts: CandidacyFacts) {
    this.view = view;
    this.#facts = facts;
    this.#askedAt = now;
    if (this.#isEnough(0)) this.#enoughAt = now;
  }

  promised(member: number, signed: SignedLeasePromise, now: number): void {
    this.#promises.set(member, signed);
    if (this.#isEnough(this.#promises.size)) this.#enoughAt ??= now;
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

  /**
   * Once for each place where two logs part, or a member that shows it again and again would hold the takeover up.
   * @returns whether it was not looked below this place yet
   */
  looksBelow({ view, sequence }: Pick<LogHead, "view" | "sequence">, now: number): boolean {
    if (sequence >= (this.#lookedBelow.get(view) ?? Number.POSITIVE_INFINITY)) return false;
    this.#lookedBelow.set(view, sequence);
    this.#looksBelowUntil = now + PROOF_MS;
    return true;
  }

  foundBelow(): void {
    this.#looksBelowUntil = Number.NEGATIVE_INFINITY;
  }

  /**
   * The promises to take over with: enough of them together with its own, which it gives last, and what they name is
   * here. Any majority of promises will do, since each names every entry that was safe.
   */
  promisesAt(now: number): readonly SignedLeasePromise[] | undefined {
    if (this.#enoughAt === undefined || now < this.#looksBelowUntil) return undefined;
    const pending = this.pending;
    const proven = [...this.#promises].filter(([member]) => !pending.has(member));
    const isWaiting = [...pending.keys()].some((member) => !this.#facts.unproven.has(member));
    if (isWaiting && now - this.#enoughAt < PROOF_MS) return undefined;
    return this.#isEnough(proven.length) ? proven.map(([, signed]) => signed) : undefined;
  }

  get wanted(): readonly Wanted[] {
    return this.#enoughAt === undefined ? [] : [...this.pending.values()];
  }

  /** By member that promised: what it names and is not here, or is another entry here. */
  get pending(): ReadonlyMap<number, Wanted> {
    const pending = new Map<number, Wanted>();
    const { log } = this.#facts;
    for (const [member, { promise }] of this.#promises) {
      const head = headOfPromise(promise);
      if (this.#differs(head)) {
        pending.set(member, { member, after: Math.max(0, head.sequence - ENTRIES_A_MESSAGE) });
      } else if (this.#isMissing(head)) pending.set(member, { member, after: log.safe });
    }
    return pending;
  }

  /** Whether there are entries up to `head` that are not here, and are not void. */
  #isMissing(head: LogHead): boolean {
    const { log, forks } = this.#facts;
    const { limit } = forks;
    if (limit !== undefined && forks.isVoid(head)) return log.length + 1 < limit.sequence;
    return isFurther(head, log.head);
  }

  /** Its log of one view is not ours: one manager wrote two. */
  #differs(head: LogHead): boolean {
    const { log, forks } = this.#facts;
    const own = log.at(head.sequence)?.signed.entry;
    if (own === undefined || own.view !== head.view || forks.isVoid(head)) return false;
    return !equalBytes(leaseRoot(own), head.root);
  }

  /** With its own, which it gives last. */
  #isEnough(promises: number): boolean {
    return promises + 1 >= majorityOf(this.#facts.shape);
  }
}

/** What a member knows and has promised, in whichever role it is: manager, candidate, or neither. */
import type {
  LeaseEntry,
  LeasePromise,
  SignedLeaseEntry,
  SignedLeasePromise,
} from "../../../../chain/types/lease.ts";
import { followsEntry } from "../../../../chain/workload/search/lease-log.ts";
import { adopt } from "./adopt.ts";
import { type Fork, Forks } from "./forks.ts";
import { type LogOptions, MemberLog } from "./member-log.ts";
import type { JournalNote, LogEntry, MemberEffect, TakeoverProof } from "./member-messages.ts";
import { Standing } from "./standing.ts";
import { fieldsOf, type LeaseStep } from "./step.ts";
import { turnOf } from "./takeover.ts";
import { BEAT_MS, MANAGER_MISSES } from "./timing.ts";

export interface MemberOptions extends LogOptions {
  /** This member's position in the team. */
  readonly self: number;
  readonly sign: (entry: LeaseEntry) => SignedLeaseEntry;
  readonly signPromise: (promise: LeasePromise) => SignedLeasePromise;
  /** When this member saw the round begin, on the clock of its events. */
  readonly now: number;
  /**
   * It was here before and has no journal of this round, or not all of it: it may have promised or held what it no
   * longer knows of, so it takes entries, but neither promises nor counts until the next round. This stays so however
   * often it starts again. A driver can tell by a mark that it puts into the journal when the round begins.
   */
  readonly isForgetful: boolean;
}

/** Entries of one log that may wait: memory that a manager can take up before it shows that it was elected. */
const MOST_WAITING = 65_536;

/** Entries as a member sent them, in order. */
interface OfMember {
  readonly from: number;
  readonly entries: readonly LogEntry[];
}

export class MemberState {
  readonly options: MemberOptions;
  readonly log: MemberLog;
  readonly standing: Standing;
  readonly forks: Forks;
  readonly beganAt: number;
  /** When the manager was last heard, or another got its chance. */
  heardAt: number;
  /** View of the manager that the driver was told of last; undefined: that there is none. */
  told: number | undefined;
  #promised = 0;
  #isLeading: boolean;
  #waiting: OfMember = { from: -1, entries: [] };
  /** The view that was promised when this machine began. */
  readonly #startedWith: number;

  constructor(options: MemberOptions, journal: readonly JournalNote[]) {
    this.options = options;
    this.log = new MemberLog(options);
    this.standing = new Standing(options.team);
    this.forks = new Forks(options.team, this.log, this.standing);
    this.heardAt = options.now;
    this.beganAt = options.now;
    for (const note of journal) {
      if (note.kind === "promise") this.#promised = Math.max(this.#promised, note.view);
      else if (note.kind === "origin") this.log.turnedAt(note.origin);
      else {
        this.log.truncate(note.after);
        for (const entry of note.entries) this.log.add(entry);
      }
    }
    this.#promised = Math.max(this.#promised, this.log.view);
    this.#startedWith = this.#promised;
    // It led when it stopped, perhaps; whoever leads now will say so.
    const own = turnOf(options, this.#promised) === options.self;
    const isFirst = this.#promised === 0 && this.log.length === 0;
    this.#isLeading = own && isFirst && !options.isForgetful;
  }

  /** No entries of views before this one are taken any more. */
  get promised(): number {
    return this.#promised;
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  isSilent(now: number): boolean {
    return !this.#isLeading && now - this.heardAt >= MANAGER_MISSES * BEAT_MS;
  }

  /** More views than an honest team uses: a member must not take the last one, after which there is no manager. */
  mostView(now: number): number {
    const beats = 2 + (now - this.beganAt) / BEAT_MS;
    return this.#startedWith + this.options.team.length * Math.ceil(beats);
  }

  promise(view: number, effects: MemberEffect[]): void {
    this.#promised = view;
    effects.push({ kind: "journal", note: { kind: "promise", view } });
    if (this.#isLeading) this.yield(effects);
  }

  promiseOf(view: number): SignedLeasePromise {
    const { job, round, team, self, signPromise } = this.options;
    const { view: lastView, sequence: lastSequence, root: lastRoot } = this.log.head;
    const member = team[self] ?? 0;
    return signPromise({ job, round, view, member, lastView, lastSequence, lastRoot });
  }

  lead(now: number, effects: MemberEffect[]): void {
    this.#isLeading = true;
    this.told = this.#promised;
    this.heardAt = now;
    effects.push({ kind: "manager", view: this.#promised, member: this.options.self });
    effects.push({ kind: "lead", view: this.#promised, log: [...this.log.entries] });
  }

  yield(effects: MemberEffect[]): void {
    this.#isLeading = false;
    this.told = undefined;
    effects.push({ kind: "yield" });
  }

  expel(member: number, effects: MemberEffect[]): void {
    this.standing.expel(member);
    if (member === this.options.self && this.#isLeading) this.yield(effects);
  }

  /**
   * Signs the entry that follows the last one, in the view that is promised.
   * @returns false where it does not fit the log
   */
  write(step: LeaseStep, now: number, effects: MemberEffect[], proof?: TakeoverProof): boolean {
    const { job, round, team, self, sign } = this.options;
    const { sequence } = this.log.head;
    const signed = sign({
      ...fieldsOf(step),
      job,
      round,
      view: this.#promised,
      sequence: sequence + 1,
      previous: this.log.previous,
      manager: team[self] ?? 0,
      at: BigInt(Math.max(0, Math.round(now - this.beganAt))),
    });
    const logged: LogEntry = proof === undefined ? { signed } : { signed, proof };
    if (!this.log.add(logged)) return false;
    effects.push({ kind: "journal", note: { kind: "log", after: sequence, entries: [logged] } });
    return true;
  }

  safeTo(sequence: number, effects: MemberEffect[]): readonly LogEntry[] {
    const entries = this.log.safeTo(sequence);
    if (entries.length > 0) effects.push({ kind: "safe", entries });
    return entries;
  }

  /** Looks for two entries of one manager that it may not sign both, among these and ours. */
  compare(entries: readonly LogEntry[], now: number, effects: MemberEffect[]): void {
    for (const fork of this.forks.among(entries)) this.#takeFork(fork, now, effects);
  }

  /**
   * Takes entries of a member's log that is further than ours in place of what differs. Where they do not show yet that
   * they may replace ours, they wait for those that follow.
   * @returns up to where entries wait; undefined where none do
   */
  merge({ from, entries }: OfMember, now: number, effects: MemberEffect[]): number | undefined {
    this.compare(entries, now, effects);
    const { log, forks } = this;
    const all = [...this.#waitingFor(from, entries[0]), ...entries];
    const { after, pending } = adopt(all, { log, forks, shape: this.options });
    this.#waiting = { from, entries: pending.length > MOST_WAITING ? [] : pending };
    if (after !== undefined) {
      const added = log.entries.slice(after);
      effects.push({ kind: "journal", note: { kind: "log", after, entries: added } });
    }
    return pending.at(-1)?.signed.entry.sequence;
  }

  /** Up to where entries of a member's log wait. */
  waitingOf(from: number): number {
    const { entries } = this.#waiting;
    return this.#waiting.from === from ? (entries.at(-1)?.signed.entry.sequence ?? 0) : 0;
  }

  #waitingFor(from: number, next: LogEntry | undefined): readonly LogEntry[] {
    const { entries } = this.#waiting;
    const last = entries.at(-1);
    if (this.#waiting.from !== from || last === undefined || next === undefined) return [];
    return followsEntry(last.signed.entry, next.signed.entry) ? entries : [];
  }

  /** A manager that wrote two logs is out at once, and what it granted from there on is void. */
  #takeFork(fork: Fork, now: number, effects: MemberEffect[]): void {
    const { log, standing } = this;
    const [first, second] = fork;
    const known = this.forks.take(fork);
    if (known === undefined) return;
    const { member, where } = known;
    if (!standing.isExpelled(member)) effects.push({ kind: "fork", member, first, second });
    const entries = [{ signed: first }, { signed: second }];
    const message = { kind: "entries", after: where.sequence - 1, entries } as const;
    effects.push({ kind: "send", to: "others", message });
    this.expel(member, effects);
    const keep = where.sequence - 1;
    if (keep < log.length && where.view === log.view) {
      log.truncate(keep);
      effects.push({ kind: "journal", note: { kind: "log", after: keep, entries: [] } });
    }
    if (turnOf(this.options, this.#promised) !== member) return;
    // There is no manager any more: the next in order need not wait.
    this.heardAt = Math.min(this.heardAt, now - MANAGER_MISSES * BEAT_MS);
  }
}

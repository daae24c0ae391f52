/**
 * One member of the team that keeps the lease log of a round. The manager of the highest view appends; an entry is safe
 * when more than half of the team holds it, and only then does what it says leave. When the manager is silent for three
 * beats the next in drawn order asks for promises; more than half of them tell it, between them, of every entry that was
 * safe, and it goes on at the furthest log among theirs. (Views as in viewstamped replication, Oki and Liskov 1988.)
 */
import { equalBytes } from "../../../../chain/crypto/hash.ts";
import type {
  LeaseEntry,
  LeasePromise,
  SignedLeaseEntry,
  SignedLeasePromise,
} from "../../../../chain/types/lease.ts";
import {
  contradicts,
  followsEntry,
  isUsurped,
  leaseRoot,
} from "../../../../chain/workload/search/lease-log.ts";
import { type LogOptions, MemberLog } from "./member-log.ts";
import type {
  AppendMessage,
  DeclineMessage,
  EntriesMessage,
  HoldsMessage,
  JournalNote,
  LogEntry,
  MemberEffect,
  MemberEvent,
  MessageEvent,
  TakeoverProof,
} from "./member-messages.ts";
import { fieldsOf, type LeaseStep } from "./step.ts";
import {
  EMPTY_HEAD,
  forkOf,
  headOfPromise,
  isFurther,
  isRightTakeover,
  type LogHead,
  majorityOf,
  nextTurn,
  patienceMs,
  turnOf,
} from "./takeover.ts";
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

/** Entries of one message, at most. */
export const ENTRIES_A_MESSAGE = 256;
/** A candidate whose canvass is unanswered asks again after so long. */
const AGAIN_MS = BEAT_MS;
/** The first manager of a round is not taken for silent before this. */
const BEGIN_MS = 2 * BEAT_MS;

interface Candidacy {
  readonly view: number;
  readonly promises: Map<number, SignedLeasePromise>;
  /** Members that follow another manager, as they say. */
  readonly declined: Set<number>;
  askedAt: number;
}

export class Member {
  readonly #options: MemberOptions;
  readonly #log: MemberLog;
  /** No entries of views before this one are taken any more. */
  #promised = 0;
  #isLeading = false;
  #candidacy: Candidacy | undefined;
  /** More than half of the team holds the log up to here. */
  #safe = 0;
  /** By position: up to where that member holds the log of the view that this one leads. */
  readonly #holds = new Map<number, number>();
  readonly #sent = new Map<number, number>();
  /** By position: when that member last answered this manager. */
  readonly #answered = new Map<number, number>();
  /** By position: when what it lacks was last sent again. */
  readonly #lackedAt = new Map<number, number>();
  /** The highest view that a member said it had promised. */
  #known = 0;
  /** By sequence: steps that the desk waits for. */
  readonly #writing = new Map<number, number>();
  #heardAt: number;
  #beatAt = Number.NEGATIVE_INFINITY;
  readonly #beganAt: number;
  /** The view that was promised when this machine began. */
  readonly #startedWith: number;
  readonly #barred = new Set<number>();
  readonly #expelled = new Set<number>();
  #fork: readonly [SignedLeaseEntry, SignedLeaseEntry] | undefined;
  #told: number | undefined;

  /** @param journal what earlier machines of this round asked to journal, in order */
  constructor(options: MemberOptions, journal: readonly JournalNote[] = []) {
    this.#options = options;
    this.#log = new MemberLog(options);
    this.#heardAt = options.now;
    this.#beganAt = options.now;
    for (const note of journal) {
      if (note.kind === "promise") this.#promised = Math.max(this.#promised, note.view);
      else {
        this.#log.truncate(note.after);
        for (const entry of note.entries) this.#log.add(entry);
      }
    }
    this.#promised = Math.max(this.#promised, this.#log.view);
    this.#startedWith = this.#promised;
    // It led when it stopped, perhaps; whoever leads now will say so.
    const own = turnOf(options, this.#promised) === options.self;
    this.#isLeading = own && this.#promised === 0 && journal.length === 0 && !options.isForgetful;
  }

  get log(): readonly LogEntry[] {
    return this.#log.entries;
  }

  /** Sequence up to which the log cannot be lost. */
  get safe(): number {
    return this.#safe;
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  step(event: MemberEvent): readonly MemberEffect[] {
    const effects: MemberEffect[] = [];
    const { now } = event;
    switch (event.kind) {
      case "message":
        this.#receive(event, effects);
        break;
      case "write":
        this.#write(event.id, event.step, now, effects);
        break;
      case "submit":
        if (this.#isSilent(now)) this.#barred.add(event.member);
        break;
      case "expel":
        this.#expel(event.member, effects);
        break;
      case "tick":
        break;
      default:
        return event satisfies never;
    }
    this.#tick(now, effects);
    return effects;
  }

  #tick(now: number, effects: MemberEffect[]): void {
    const { self } = this.#options;
    if (this.#isLeading) {
      if (this.#told !== this.#promised) this.#lead(now, effects);
      if (this.#isAlone(now)) {
        this.#yield(effects);
        this.#heardAt = now;
        return;
      }
      if (now - this.#beatAt >= BEAT_MS) {
        this.#beatAt = now;
        this.#sent.clear();
        this.#replicate(effects, true);
      }
      return;
    }
    if (this.#isSilent(now) && this.#told !== undefined) {
      this.#told = undefined;
      effects.push({ kind: "manager", view: this.#promised, member: undefined });
    }
    const candidacy = this.#candidacy;
    if (candidacy !== undefined) {
      if (now - candidacy.askedAt < AGAIN_MS) return;
      candidacy.askedAt = now;
      const message = { kind: "canvass", view: candidacy.view } as const;
      effects.push({ kind: "send", to: "others", message });
      this.#fetchFurthest(candidacy, effects);
      return;
    }
    if (this.#options.isForgetful || this.#isOut(self)) return;
    const from = Math.max(this.#promised, this.#known);
    const turn = nextTurn(this.#options, from, self, (other) => this.#isOut(other));
    if (turn === undefined || now - this.#heardAt < patienceMs(turn.before)) return;
    this.#stand(turn.view, now, effects);
  }

  #isSilent(now: number): boolean {
    return !this.#isLeading && now - this.#heardAt >= MANAGER_MISSES * BEAT_MS;
  }

  /** More views than an honest team uses: a member must not take the last one, after which there is no manager. */
  #mostView(now: number): number {
    const beats = 2 + (now - this.#beganAt) / BEAT_MS;
    return this.#startedWith + this.#options.team.length * Math.ceil(beats);
  }

  /** A manager that too few answer cannot write; it makes room, so that those who lost it can follow another. */
  #isAlone(now: number): boolean {
    let there = 1;
    for (const at of this.#answered.values()) if (now - at < MANAGER_MISSES * BEAT_MS) there++;
    const isFresh = now - this.#heardAt < MANAGER_MISSES * BEAT_MS;
    return !isFresh && there < majorityOf(this.#options);
  }

  #yield(effects: MemberEffect[]): void {
    this.#isLeading = false;
    this.#told = undefined;
    this.#writing.clear();
    effects.push({ kind: "yield" });
  }

  /** Members that may not manage: those expelled, and those barred while anybody else is left. */
  #isOut(member: number): boolean {
    if (this.#expelled.has(member)) return true;
    if (!this.#barred.has(member)) return false;
    return this.#options.team.some((_, i) => !this.#barred.has(i) && !this.#expelled.has(i));
  }

  /** Asks for promises. Its own is given with the last of those it needs: until then it still follows whoever leads. */
  #stand(view: number, now: number, effects: MemberEffect[]): void {
    this.#candidacy = { view, promises: new Map(), declined: new Set(), askedAt: now };
    effects.push({ kind: "send", to: "others", message: { kind: "canvass", view } });
    this.#tryTakeover(now, effects);
  }

  #promise(view: number, effects: MemberEffect[]): void {
    this.#promised = view;
    this.#candidacy = undefined;
    effects.push({ kind: "journal", note: { kind: "promise", view } });
    if (this.#isLeading) this.#yield(effects);
  }

  #promiseOf(view: number): SignedLeasePromise {
    const { job, round, team, self, signPromise } = this.#options;
    const { view: lastView, sequence: lastSequence, root: lastRoot } = this.#log.head;
    const member = team[self] ?? 0;
    return signPromise({ job, round, view, member, lastView, lastSequence, lastRoot });
  }

  #receive({ from, message, now }: MessageEvent, effects: MemberEffect[]): void {
    if (from === this.#options.self || this.#expelled.has(from)) return;
    switch (message.kind) {
      case "append":
        this.#append(from, message, now, effects);
        break;
      case "holds":
      case "lacks":
        if (!this.#isLeading || message.view !== this.#promised) return;
        this.#heldBy(from, message, now, effects);
        this.#replicate(effects, false, from);
        break;
      case "canvass":
        this.#canvass(from, message.view, now, effects);
        break;
      case "promise":
        this.#promiseFrom(from, message.signed, now, effects);
        break;
      case "decline":
        this.#declined(from, message, now);
        break;
      case "fetch": {
        const { after } = message;
        const entries = this.#log.entries.slice(after, after + ENTRIES_A_MESSAGE);
        effects.push({ kind: "send", to: from, message: { kind: "entries", after, entries } });
        break;
      }
      case "entries":
        this.#entriesFrom(from, message, now, effects);
        break;
      default:
        message satisfies never;
    }
  }

  #heldBy(
    from: number,
    { kind, sequence }: HoldsMessage,
    now: number,
    effects: MemberEffect[],
  ): void {
    this.#answered.set(from, now);
    const until = Math.min(sequence, this.#log.length);
    if (kind === "lacks") {
      // It is sent again what it asks for, but not for every message that it sends.
      if (this.#lackedAt.get(from) === now) return;
      this.#lackedAt.set(from, now);
      this.#sent.set(from, until);
      this.#holds.set(from, until);
      return;
    }
    this.#holds.set(from, Math.max(this.#holds.get(from) ?? 0, until));
    this.#advance(effects);
  }

  #canvass(from: number, view: number, now: number, effects: MemberEffect[]): void {
    const reason = this.#whyNot(from, view, now);
    if (reason !== undefined) {
      const message = { kind: "decline", view, reason, known: this.#promised } as const;
      effects.push({ kind: "send", to: from, message });
      return;
    }
    if (view > this.#promised) {
      this.#promise(view, effects);
      // The candidate has its chance before the next stands.
      this.#heardAt = now;
    }
    const message = { kind: "promise", signed: this.#promiseOf(view) } as const;
    effects.push({ kind: "send", to: from, message });
  }

  #whyNot(from: number, view: number, now: number): DeclineMessage["reason"] | undefined {
    if (this.#options.isForgetful) return "forgetful";
    if (this.#expelled.has(from)) return "expelled";
    if (view < this.#promised || turnOf(this.#options, view) !== from) return "view";
    if (view === this.#promised) return this.#log.view === view ? "view" : undefined;
    if (this.#isOut(from)) return "barred";
    if (view > this.#mostView(now)) return "view";
    // A manager that nobody heard yet has its time to begin, or a member could take every round's first turn.
    const isOver = this.#isOut(turnOf(this.#options, this.#promised));
    const isBeginning = !isOver && now - this.#beganAt < BEGIN_MS;
    const isKnown = this.#told !== undefined && !this.#isSilent(now);
    return this.#isLeading || isBeginning || isKnown ? "alive" : undefined;
  }

  #promiseFrom(
    from: number,
    signed: SignedLeasePromise,
    now: number,
    effects: MemberEffect[],
  ): void {
    const { promise } = signed;
    const { team, round } = this.#options;
    const candidacy = this.#candidacy;
    if (candidacy === undefined || promise.view !== candidacy.view) return;
    if (promise.member !== team[from] || promise.round !== round) return;
    candidacy.promises.set(from, signed);
    this.#fetchFurthest(candidacy, effects);
    this.#tryTakeover(now, effects);
  }

  #declined(from: number, { view, known, reason }: DeclineMessage, now: number): void {
    const candidacy = this.#candidacy;
    if (candidacy?.view !== view) return;
    if (reason !== "view" && reason !== "alive") return;
    // Views are few enough that a liar must not use them up.
    const most = this.#promised + 2 * this.#options.team.length;
    this.#known = Math.max(this.#known, Math.min(known, most));
    candidacy.declined.add(from);
    // One member's word ends nothing where the others can be enough.
    const left = this.#options.team.length - candidacy.declined.size;
    if (left >= majorityOf(this.#options)) return;
    // Another has the turn, or still has it: wait for it as for any manager.
    this.#candidacy = undefined;
    this.#heardAt = now;
  }

  /** The member with the furthest log, when that is further than ours. */
  #furthest({
    promises,
  }: Candidacy): { readonly member: number; readonly head: LogHead } | undefined {
    let best: { readonly member: number; readonly head: LogHead } | undefined;
    for (const [member, { promise }] of promises) {
      const head = headOfPromise(promise);
      if (isFurther(head, best?.head ?? EMPTY_HEAD)) best = { member, head };
    }
    return best;
  }

  /** With its own, which it gives last. */
  #hasEnough({ promises }: Candidacy): boolean {
    return promises.size + 1 >= majorityOf(this.#options);
  }

  /** Whether there are entries up to `head` that are not here, and are not void. */
  #isMissing(head: LogHead): boolean {
    const limit = this.#fork && forkOf(this.#fork);
    if (limit !== undefined && limit.view === head.view && limit.sequence <= head.sequence) {
      return this.#log.length + 1 < limit.sequence;
    }
    return isFurther(head, this.#log.head);
  }

  /** A member that promised, and whose log of one view is not ours: one manager wrote two. */
  #differing({
    promises,
  }: Candidacy): { readonly member: number; readonly head: LogHead } | undefined {
    const limit = this.#fork && forkOf(this.#fork);
    for (const [member, { promise }] of promises) {
      const head = headOfPromise(promise);
      const own = this.#log.at(head.sequence)?.signed.entry;
      if (own === undefined || own.view !== head.view) continue;
      if (limit?.view === head.view && limit.sequence <= head.sequence) continue;
      if (!equalBytes(leaseRoot(own), head.root)) return { member, head };
    }
    return undefined;
  }

  #isReady(candidacy: Candidacy): boolean {
    if (!this.#hasEnough(candidacy)) return false;
    const best = this.#furthest(candidacy);
    if (best !== undefined && this.#isMissing(best.head)) return false;
    return this.#differing(candidacy) === undefined;
  }

  #fetchFurthest(candidacy: Candidacy, effects: MemberEffect[]): void {
    if (!this.#hasEnough(candidacy)) return;
    const best = this.#furthest(candidacy);
    const differing = this.#differing(candidacy);
    if (differing !== undefined) {
      const after = Math.max(0, differing.head.sequence - ENTRIES_A_MESSAGE);
      effects.push({ kind: "send", to: differing.member, message: { kind: "fetch", after } });
    } else if (best !== undefined && this.#isMissing(best.head)) {
      const message = { kind: "fetch", after: this.#safe } as const;
      effects.push({ kind: "send", to: best.member, message });
    }
  }

  #entriesFrom(
    from: number,
    { after, entries }: EntriesMessage,
    now: number,
    effects: MemberEffect[],
  ): void {
    this.#compare(entries, now, effects);
    const candidacy = this.#candidacy;
    if (candidacy === undefined) return;
    const limit = this.#fork && forkOf(this.#fork);
    if (entries.length > 1 && after > 0 && limit?.sequence === after + 1) {
      // The two logs may part before what was looked at.
      const message = { kind: "fetch", after: Math.max(0, after - ENTRIES_A_MESSAGE) } as const;
      effects.push({ kind: "send", to: from, message });
      return;
    }
    if (after > this.#log.length) return;
    const best = this.#furthest(candidacy);
    this.#merge(entries, best?.head.view ?? 0, now, effects);
    if (this.#differing(candidacy) !== undefined) this.#fetchFurthest(candidacy, effects);
    if (best !== undefined && this.#isMissing(best.head) && entries.length === ENTRIES_A_MESSAGE) {
      const message = { kind: "fetch", after: after + entries.length } as const;
      effects.push({ kind: "send", to: best.member, message });
    }
    this.#tryTakeover(now, effects);
  }

  /** Looks for two entries of one manager that it may not sign both, among these and ours. */
  #compare(entries: readonly LogEntry[], now: number, effects: MemberEffect[]): void {
    for (const [i, { signed, proof }] of entries.entries()) {
      const before = entries[i - 1]?.signed;
      const other =
        before !== undefined && contradicts(before.entry, signed.entry)
          ? before
          : this.#log.contradicted(signed);
      if (other !== undefined) this.#forked([other, signed], now, effects);
      if (proof?.fork !== undefined) this.#forked(proof.fork, now, effects);
    }
  }

  /**
   * Takes entries of a log that is further than ours in place of what differs.
   * @param until the log's view
   */
  #merge(entries: readonly LogEntry[], until: number, now: number, effects: MemberEffect[]): void {
    this.#compare(entries, now, effects);
    const limit = this.#fork && forkOf(this.#fork);
    let after: number | undefined;
    for (const logged of entries) {
      const { signed } = logged;
      if (this.#log.has(signed)) continue;
      const { sequence, view } = signed.entry;
      // Void, unless a later manager went on behind it before it knew.
      if (limit?.view === view && limit.view >= until && limit.sequence <= sequence) break;
      const known = this.#log.at(sequence);
      if (!this.#log.fits(logged)) break;
      if (known !== undefined) {
        // Safe entries stay; of others, those of the later view, or that a still later manager goes on behind.
        if (sequence <= this.#safe) break;
        const ours = known.signed.entry.view;
        if (view <= ours && !this.#isElected(entries, sequence, ours)) break;
        this.#log.truncate(sequence - 1);
        after = Math.min(after ?? sequence - 1, sequence - 1);
      }
      after ??= this.#log.length;
      if (!this.#log.add(logged)) break;
    }
    if (after === undefined) return;
    const added = this.#log.entries.slice(after);
    effects.push({ kind: "journal", note: { kind: "log", after, entries: added } });
  }

  /** Whether these entries lead without a gap, from a sequence on, to a right takeover of a view after `view`. */
  #isElected(entries: readonly LogEntry[], from: number, view: number): boolean {
    let before: LeaseEntry | undefined;
    for (const { signed, proof } of entries) {
      const { entry } = signed;
      if (entry.sequence < from) continue;
      if (before !== undefined && !followsEntry(before, entry)) return false;
      before = entry;
      if (entry.view <= view) continue;
      return proof !== undefined && isRightTakeover(entry, proof, this.#options);
    }
    return false;
  }

  /** A manager that wrote two logs is out at once, and what it granted from there on is void. */
  #forked(
    fork: readonly [SignedLeaseEntry, SignedLeaseEntry],
    now: number,
    effects: MemberEffect[],
  ): void {
    const [first, second] = fork;
    const where = forkOf(fork);
    const member = this.#options.team.indexOf(first.entry.manager);
    if (where === undefined || member === -1) return;
    const known = this.#fork && forkOf(this.#fork);
    // It may have done so in more views than one, and from further down than was seen first.
    const isNews =
      known?.view === where.view ? where.sequence < known.sequence : where.view === this.#log.view;
    if (this.#expelled.has(member) && !isNews) return;
    if (isUsurped(first.entry, this.#options.team)) return;
    this.#fork = fork;
    if (!this.#expelled.has(member)) effects.push({ kind: "fork", member, first, second });
    const entries = [{ signed: first }, { signed: second }];
    const message = { kind: "entries", after: where.sequence - 1, entries } as const;
    effects.push({ kind: "send", to: "others", message });
    this.#expel(member, effects);
    const keep = where.sequence - 1;
    if (keep < this.#log.length && where.view === this.#log.view) {
      this.#log.truncate(keep);
      this.#safe = Math.min(this.#safe, keep);
      effects.push({ kind: "journal", note: { kind: "log", after: keep, entries: [] } });
    }
    if (turnOf(this.#options, this.#promised) !== member) return;
    // There is no manager any more: the next in order need not wait.
    this.#heardAt = Math.min(this.#heardAt, now - MANAGER_MISSES * BEAT_MS);
  }

  #expel(member: number, effects: MemberEffect[]): void {
    this.#expelled.add(member);
    if (member === this.#options.self && this.#isLeading) this.#yield(effects);
  }

  #tryTakeover(now: number, effects: MemberEffect[]): void {
    const candidacy = this.#candidacy;
    if (candidacy === undefined || !this.#isReady(candidacy)) return;
    const { view } = candidacy;
    const own = this.#promiseOf(view);
    this.#promise(view, effects);
    const promises = [...candidacy.promises.values(), own];
    const fork = this.#fork;
    const proof: TakeoverProof = fork === undefined ? { promises } : { promises, fork };
    const logged: LogEntry = { signed: this.#sign({ kind: "takeover" }, view, now), proof };
    if (!this.#log.add(logged)) return;
    const after = this.#log.length - 1;
    effects.push({ kind: "journal", note: { kind: "log", after, entries: [logged] } });
    this.#isLeading = true;
    this.#fork = undefined;
    this.#holds.clear();
    this.#sent.clear();
    this.#answered.clear();
    this.#lead(now, effects);
    this.#beatAt = now;
    this.#advance(effects);
    this.#replicate(effects, true);
  }

  #lead(now: number, effects: MemberEffect[]): void {
    this.#told = this.#promised;
    this.#heardAt = now;
    effects.push({ kind: "manager", view: this.#promised, member: this.#options.self });
    effects.push({ kind: "lead", view: this.#promised, log: [...this.#log.entries] });
  }

  #sign(step: LeaseStep, view: number, now: number): SignedLeaseEntry {
    const { job, round, team, self, sign } = this.#options;
    const { sequence, root } = this.#log.head;
    return sign({
      ...fieldsOf(step),
      job,
      round,
      view,
      sequence: sequence + 1,
      previous: root,
      manager: team[self] ?? 0,
      at: BigInt(Math.max(0, Math.round(now - this.#beganAt))),
    });
  }

  #write(id: number, step: LeaseStep, now: number, effects: MemberEffect[]): void {
    if (!this.#isLeading) return;
    const logged: LogEntry = { signed: this.#sign(step, this.#promised, now) };
    if (!this.#log.add(logged)) return;
    const after = this.#log.length - 1;
    this.#writing.set(this.#log.length, id);
    effects.push({ kind: "journal", note: { kind: "log", after, entries: [logged] } });
    this.#advance(effects);
    this.#replicate(effects, false);
  }

  /** Sends each member what it lacks; with `all` also to those that lack nothing, as a beat. */
  #replicate(effects: MemberEffect[], all: boolean, only?: number): void {
    const { team, self } = this.#options;
    for (const member of team.keys()) {
      if (member === self || (only !== undefined && member !== only)) continue;
      const holds = this.#holds.get(member);
      // A member that has not answered yet may hold another log after what is safe.
      const after = Math.max(
        this.#sent.get(member) ?? 0,
        holds ?? Math.min(this.#safe, this.#log.length),
      );
      const entries = this.#log.entries.slice(after, after + ENTRIES_A_MESSAGE);
      if (entries.length === 0 && !all) continue;
      this.#sent.set(member, after + entries.length);
      effects.push({
        kind: "send",
        to: member,
        message: { kind: "append", view: this.#promised, after, entries, held: this.#safe },
      });
    }
  }

  /** Entries are safe once more than half holds them, and one of the view under way with them. */
  #advance(effects: MemberEffect[]): void {
    const held = [...this.#holds]
      .filter(([member]) => !this.#expelled.has(member))
      .map(([, sequence]) => sequence);
    held.push(this.#log.length);
    held.sort((a, b) => b - a);
    const safe = held[majorityOf(this.#options) - 1] ?? 0;
    const isOfView = this.#log.at(safe)?.signed.entry.view === this.#promised;
    if (isOfView) this.#safeTo(safe, effects);
  }

  #safeTo(sequence: number, effects: MemberEffect[]): void {
    const until = Math.min(sequence, this.#log.length);
    if (until <= this.#safe) return;
    const entries = this.#log.entries.slice(this.#safe, until);
    this.#safe = until;
    effects.push({ kind: "safe", entries });
    for (const { signed } of entries) {
      const id = this.#writing.get(signed.entry.sequence);
      if (id === undefined) continue;
      this.#writing.delete(signed.entry.sequence);
      effects.push({ kind: "written", id });
    }
  }

  /** Up to where an honest manager's log is ours; further down when one before it wrote two, and we have the other. */
  #sameUntil({ after, entries }: AppendMessage): number {
    const own = this.#log.at(after)?.signed.entry;
    const first = entries[0]?.signed.entry;
    if (own === undefined || first === undefined || after > this.#safe) return this.#safe;
    if (equalBytes(first.previous, leaseRoot(own))) return this.#safe;
    return Math.max(0, after - ENTRIES_A_MESSAGE);
  }

  /** From the manager of a view: its log is ours from here on. */
  #append(from: number, message: AppendMessage, now: number, effects: MemberEffect[]): void {
    const { view, after, entries, held } = message;
    if (view < this.#promised || turnOf(this.#options, view) !== from) {
      // Its manager learns that the team has gone on.
      if (view < this.#promised) {
        const decline = { kind: "decline", view, reason: "view", known: this.#promised } as const;
        effects.push({ kind: "send", to: from, message: decline });
      }
      return;
    }
    this.#merge(entries, view, now, effects);
    const last = entries.at(-1)?.signed;
    const agrees = last === undefined ? after <= this.#log.length : this.#log.has(last);
    if (this.#expelled.has(from)) return;
    if (!agrees || this.#log.view !== view) {
      // Of a log that is longer than a message, this much is here; else what cannot differ.
      const isPart = agrees && last !== undefined && last.entry.view < view;
      const sequence = isPart ? last.entry.sequence : this.#sameUntil(message);
      effects.push({ kind: "send", to: from, message: { kind: "lacks", view, sequence } });
      return;
    }
    if (view > this.#promised) this.#promise(view, effects);
    this.#candidacy = undefined;
    this.#heardAt = now;
    if (this.#told !== view) {
      this.#told = view;
      effects.push({ kind: "manager", view, member: from });
    }
    this.#safeTo(Math.min(held, this.#log.length), effects);
    if (this.#options.isForgetful) return;
    const sequence = this.#log.length;
    effects.push({ kind: "send", to: from, message: { kind: "holds", view, sequence } });
  }
}

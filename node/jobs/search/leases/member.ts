/**
 * One member of the team that keeps the lease log of a round. The manager of the highest view appends; an entry is safe
 * when more than half of the team holds it, and only then does what it says leave. When the manager is silent for three
 * beats the next in drawn order asks for promises; more than half of them tell it, between them, of every entry that was
 * safe, and it goes on at the furthest log among theirs. (Views as in viewstamped replication, Oki and Liskov 1988.)
 */
import { Archive } from "./archive.ts";
import { Candidate } from "./candidate.ts";
import { Follower } from "./follower.ts";
import { HeadWatch } from "./head-watch.ts";
import { Leader } from "./leader.ts";
import type { LeaseTable } from "./lease-table.ts";
import type {
  JournalNote,
  LogEntry,
  MemberEffect,
  MemberEvent,
  MessageEvent,
} from "./member-messages.ts";
import { type MemberOptions, MemberState } from "./member-state.ts";
import { Voter } from "./voter.ts";

export class Member {
  readonly #state: MemberState;
  readonly #leader: Leader;
  readonly #candidate: Candidate;
  readonly #follower: Follower;
  readonly #voter: Voter;
  readonly #heads: HeadWatch;
  readonly #archive = new Archive();

  /** @param journal what earlier machines of this round asked to journal, in order */
  constructor(options: MemberOptions, journal: readonly JournalNote[] = []) {
    this.#state = new MemberState(options, journal);
    this.#leader = new Leader(this.#state);
    this.#candidate = new Candidate(this.#state);
    this.#follower = new Follower(this.#state);
    this.#voter = new Voter(this.#state);
    this.#heads = new HeadWatch(this.#state);
  }

  get log(): readonly LogEntry[] {
    return this.#state.log.entries;
  }

  /** As the log's table is before its first entry. */
  emptyTable(): LeaseTable {
    return this.#state.log.emptyTable();
  }

  /** Sequence up to which the log cannot be lost. */
  get safe(): number {
    return this.#state.log.safe;
  }

  get isLeading(): boolean {
    return this.#state.isLeading;
  }

  step(event: MemberEvent): readonly MemberEffect[] {
    const effects: MemberEffect[] = [];
    const state = this.#state;
    const { now } = event;
    switch (event.kind) {
      case "message":
        this.#receive(event, effects);
        break;
      case "write":
        if (state.isLeading) this.#leader.write(event.id, event.step, now, effects);
        break;
      case "submit":
        if (state.isSilent(now)) state.standing.bar(event.member);
        break;
      case "expel":
        state.expel(event.member, effects);
        break;
      case "reached":
        state.log.reached(event.open);
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
    const state = this.#state;
    this.#heads.tick(now, effects);
    if (state.isLeading) {
      this.#leader.tick(now, effects);
      return;
    }
    if (state.isSilent(now) && state.told !== undefined) {
      state.told = undefined;
      effects.push({ kind: "manager", view: state.promised, member: undefined });
    }
    this.#candidate.tick(now, effects);
    if (this.#candidate.takeOver(now, effects)) this.#leader.begin(now, effects);
  }

  #receive({ from, message, now }: MessageEvent, effects: MemberEffect[]): void {
    const state = this.#state;
    if (from === state.options.self || state.standing.isExpelled(from)) return;
    switch (message.kind) {
      case "append":
        if (this.#follower.append(from, message, now, effects)) this.#candidate.giveUp();
        break;
      case "holds":
      case "lacks":
        if (!state.isLeading || message.view !== state.promised) return;
        this.#leader.take(from, message, now, effects);
        break;
      case "canvass":
        if (this.#voter.canvass(from, message.view, now, effects)) this.#candidate.giveUp();
        break;
      case "promise":
        this.#candidate.promised(from, message.signed, now, effects);
        break;
      case "decline":
        this.#candidate.declined(from, message, now);
        break;
      case "fetch": {
        const { after } = message;
        const entries = this.#archive.after(after, { from, now }, state.log.entries);
        if (entries === undefined) return;
        effects.push({ kind: "send", to: from, message: { kind: "entries", after, entries } });
        break;
      }
      case "head":
        this.#heads.take(from, message, now, effects);
        break;
      case "entries":
        this.#candidate.entries(from, message, now, effects);
        break;
      default:
        message satisfies never;
    }
  }
}

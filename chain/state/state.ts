/**
 * The state rules read and write: plain records in tables beside the SSZ tree that gives the root.
 * `fork` is cheap, `attempt` inside it cheaper still; a fork that became final is absorbed by its
 * parent.
 */
import { addressKey } from "../crypto/address.ts";
import { bytesKey } from "../crypto/hash.ts";
import { nextDraw } from "../job/next-draw.ts";
import type { Job } from "../types/job.ts";
import type { NodeRecord, Seat } from "../types/node.ts";
import {
  type Account,
  type CastParameterVote,
  type Meta,
  SINGLE_NAMES,
  type SingleName,
  type StateSingles,
  type TimeMark,
  type Unbonding,
} from "../types/state.ts";
import type { Track, TrackEntry } from "../types/track.ts";
import type { Window, WindowClaim } from "../types/window.ts";
import { isUnsettled, type JobSlots } from "./job-slots.ts";
import { jobRoot, jobSlots } from "./job-tree.ts";
import { PACKED } from "./packed-roots.ts";
import { packed, type SummaryTree, treeAfter, treeOf } from "./summary-tree.ts";
import { Table } from "./table.ts";

/** Everything a state is made of, as the store keeps it. */
export interface StateParts extends StateSingles {
  readonly accounts: readonly Account[];
  readonly nodes: readonly NodeRecord[];
  readonly jobs: JobSlots;
}

/** What a fork changed; the store writes it in the block's batch. */
export interface StateChanges extends StateSingles {
  /** Names of the single values that changed. */
  readonly changedSingles: readonly SingleName[];
  readonly accounts: ReadonlyMap<number, Account>;
  readonly nodes: ReadonlyMap<number, NodeRecord>;
  readonly jobs: ReadonlyMap<number, Job>;
}

export class State {
  meta: Meta;
  seats: readonly Seat[];
  nextSeats: readonly Seat[];
  window: Window;
  claims: readonly WindowClaim[];
  unbondings: readonly Unbonding[];
  parameterVotes: readonly CastParameterVote[];
  timeMarks: readonly TimeMark[];
  track: Track;
  trackEntries: readonly TrackEntry[];
  drawWeights: readonly bigint[];
  nextDrawWeights: readonly bigint[];
  readonly accounts: Table<Account>;
  /** Active until slashed. */
  readonly nodes: Table<NodeRecord>;
  /** Active until settled: nothing happens to a job after, and no more than its root in the tree stays here. */
  readonly jobs: Table<Job>;
  #tree: SummaryTree;
  readonly #parent: State | undefined;
  #sealed: SummaryTree | undefined;

  private constructor(
    singles: StateSingles,
    tables: { accounts: Table<Account>; nodes: Table<NodeRecord>; jobs: Table<Job> },
    tree: SummaryTree,
    parent?: State,
  ) {
    this.meta = singles.meta;
    this.seats = singles.seats;
    this.nextSeats = singles.nextSeats;
    this.window = singles.window;
    this.claims = singles.claims;
    this.unbondings = singles.unbondings;
    this.parameterVotes = singles.parameterVotes;
    this.timeMarks = singles.timeMarks;
    this.track = singles.track;
    this.trackEntries = singles.trackEntries;
    this.drawWeights = singles.drawWeights;
    this.nextDrawWeights = singles.nextDrawWeights;
    this.accounts = tables.accounts;
    this.nodes = tables.nodes;
    this.jobs = tables.jobs;
    this.#tree = tree;
    this.#parent = parent;
  }

  static of(parts: StateParts): State {
    return new State(
      parts,
      {
        accounts: Table.of(parts.accounts, { keyOf: ({ address }) => bytesKey(address) }),
        nodes: Table.of(parts.nodes, {
          keyOf: ({ publicKey }) => bytesKey(publicKey),
          isActive: ({ slashedAt }) => slashedAt === 0,
        }),
        jobs: Table.of(recordsOf(parts.jobs), {
          keyOf: ({ id }) => bytesKey(id),
          isActive: isUnsettled,
          groupOf: ({ client }) => addressKey(client),
          membersOf: nodesOf,
          dueOf: ({ due }) => due,
          drawOf: (job) => nextDraw(job, parts.meta.parameters),
          forgets: true,
        }),
      },
      treeOf(parts),
    );
  }

  get height(): number {
    return this.meta.height;
  }

  get parameters(): Meta["parameters"] {
    return this.meta.parameters;
  }

  account(address: Uint8Array): Account {
    const index = this.accounts.indexOf(addressKey(address));
    return index === undefined ? { address, balance: 0n, nonce: 0 } : this.accounts.at(index);
  }

  accountIndex(address: Uint8Array): number | undefined {
    return this.accounts.indexOf(addressKey(address));
  }

  putAccount(account: Account): void {
    const index = this.accounts.indexOf(addressKey(account.address));
    if (index === undefined) this.accounts.push(account);
    else this.accounts.set(index, account);
  }

  credit(address: Uint8Array, amount: bigint): void {
    if (amount === 0n) return;
    const index = this.accounts.indexOf(addressKey(address));
    if (index === undefined) {
      this.accounts.push({ address, balance: amount, nonce: 0 });
      return;
    }
    const { address: known, balance, nonce } = this.accounts.at(index);
    this.accounts.set(index, { address: known, balance: balance + amount, nonce });
  }

  nodeIndex(publicKey: Uint8Array): number | undefined {
    return this.nodes.indexOf(bytesKey(publicKey));
  }

  /** Of a job under way; settled ones are known by their index alone. */
  jobIndex(id: Uint8Array): number | undefined {
    return this.jobs.indexOf(bytesKey(id));
  }

  /** The SSZ root of a job, settled or not, as it stands in the tree. */
  jobRoot(index: number): Uint8Array {
    return jobRoot(this.tree().node, index);
  }

  fork(): State {
    return new State(
      this,
      { accounts: this.accounts.fork(), nodes: this.nodes.fork(), jobs: this.jobs.fork() },
      this.#tree,
      this,
    );
  }

  /** Runs a change; when it throws, everything it wrote is undone. Attempts do not nest. */
  attempt(change: () => void): void {
    const undo = this.#mark();
    try {
      change();
    } catch (error) {
      undo();
      throw error;
    }
    this.accounts.release();
    this.nodes.release();
    this.jobs.release();
  }

  /** Runs a change to see whether it throws; nothing it wrote stays. */
  rehearse(change: () => void): void {
    const undo = this.#mark();
    try {
      change();
    } finally {
      undo();
    }
  }

  /** @returns what takes everything back to this moment */
  #mark(): () => void {
    const singles = this.singles();
    this.accounts.mark();
    this.nodes.mark();
    this.jobs.mark();
    return () => {
      Object.assign(this, singles);
      this.accounts.rollback();
      this.nodes.rollback();
      this.jobs.rollback();
    };
  }

  /** Takes over a fork of this state; the fork must not be used afterwards. */
  absorb(fork: State): void {
    if (fork.#parent !== this) throw new TypeError("absorb takes a fork of this very state");
    // First, while this state still differs from its fork.
    if (this.#parent === undefined) this.#tree = fork.tree();
    // A fork that gathers finished blocks is only ever changed by absorbing the next.
    else this.#sealed = fork.#sealed;
    this.meta = fork.meta;
    this.seats = fork.seats;
    this.nextSeats = fork.nextSeats;
    this.window = fork.window;
    this.claims = fork.claims;
    this.unbondings = fork.unbondings;
    this.parameterVotes = fork.parameterVotes;
    this.timeMarks = fork.timeMarks;
    this.track = fork.track;
    this.trackEntries = fork.trackEntries;
    this.drawWeights = fork.drawWeights;
    this.nextDrawWeights = fork.nextDrawWeights;
    this.accounts.absorb(fork.accounts);
    this.nodes.absorb(fork.nodes);
    const changed = [...fork.jobs.changes.keys()];
    this.jobs.absorb(fork.jobs);
    if (this.#parent === undefined)
      this.#tree = packed(this.#tree, this.#settledStretches(changed));
  }

  /** The first index of each stretch in which one of these jobs was the last to be settled. */
  #settledStretches(changed: readonly number[]): Set<number> {
    const firsts = new Set(changed.map((index) => index - (index % PACKED)));
    for (const first of firsts) {
      const isWhole = first + PACKED <= this.jobs.length;
      for (let i = 0; i < PACKED; i++) {
        if (isWhole && this.jobs.get(first + i) === undefined) continue;
        firsts.delete(first);
        break;
      }
    }
    return firsts;
  }

  singles(): StateSingles {
    const { meta, seats, nextSeats, window, claims, track, trackEntries } = this;
    const { unbondings, parameterVotes, timeMarks, drawWeights, nextDrawWeights } = this;
    return {
      meta,
      seats,
      nextSeats,
      window,
      claims,
      unbondings,
      parameterVotes,
      timeMarks,
      track,
      trackEntries,
      drawWeights,
      nextDrawWeights,
    };
  }

  /** Everything as it is now; later blocks do not change it, since records are never mutated. */
  parts(): StateParts {
    return {
      ...this.singles(),
      accounts: this.accounts.values(),
      nodes: this.nodes.values(),
      jobs: jobSlots(this.tree().node, this.jobs.length, new Map(this.jobs.activeEntries())),
    };
  }

  /** What differs from the parent; everything, if there is no parent. */
  changes(): StateChanges {
    const parent = this.#parent;
    const changedSingles =
      parent === undefined
        ? SINGLE_NAMES
        : SINGLE_NAMES.filter((name) => this[name] !== parent[name]);
    return {
      ...this.singles(),
      changedSingles,
      accounts: this.accounts.changes,
      nodes: this.nodes.changes,
      jobs: this.jobs.changes,
    };
  }

  /**
   * The SSZ tree of this state. A fork's tree is its parent's with the changes laid on; forks of
   * forks (used while trying transactions) are absorbed before anyone asks.
   */
  tree(): SummaryTree {
    if (this.#parent === undefined) return this.#tree;
    if (this.#sealed !== undefined) return this.#sealed;
    return treeAfter(this.#parent.tree(), this.#parent.singles(), this.changes());
  }

  /** Call it when all rules have run: the tree is built once and kept for `absorb`. */
  root(): Uint8Array {
    if (this.#parent !== undefined) this.#sealed ??= this.tree();
    return this.tree().batchHashTreeRoot();
  }
}

/** Nodes that have or had something to do for the job. */
function nodesOf({ team, participants, audits }: Job): number[] {
  const seats = audits.flatMap((audit) => [audit.node, ...audit.seats.map(({ node }) => node)]);
  return [...team, ...participants.map(({ node }) => node), ...seats];
}

/** Of a settled job the table keeps no record. */
function* recordsOf(slots: JobSlots): Generator<Job | undefined> {
  for (const slot of slots) yield slot instanceof Uint8Array ? undefined : slot;
}

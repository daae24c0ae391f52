/**
 * The state rules read and write: plain records in tables beside the SSZ tree that gives the root.
 * `fork` is cheap, `attempt` inside it cheaper still; a fork that became final is absorbed by its
 * parent.
 */
import { type CompositeViewDU, ContainerType, ListCompositeType } from "@chainsafe/ssz";
import { addressKey } from "../crypto/address.ts";
import { bytesKey } from "../crypto/hash.ts";
import { JOB_PHASES, Job } from "../types/job.ts";
import { NodeRecord, type Seat } from "../types/node.ts";
import { Hash } from "../types/primitive.ts";
import {
  type Account,
  type CastParameterVote,
  MAX_ACCOUNTS,
  MAX_JOBS,
  MAX_NODES,
  Meta,
  SINGLE_NAMES,
  STATE_SINGLES,
  type StateSingles,
  StateTree,
  type TimeMark,
  type Unbonding,
} from "../types/state.ts";
import type { Track, TrackEntry } from "../types/track.ts";
import type { Window, WindowClaim } from "../types/window.ts";
import { accountRoots } from "./account-roots.ts";
import { Table } from "./table.ts";

/** Everything a state is made of, as the store keeps it. */
export interface StateParts extends StateSingles {
  readonly accounts: readonly Account[];
  readonly nodes: readonly NodeRecord[];
  readonly jobs: readonly Job[];
}

/** What a fork changed; the store writes it in the block's batch. */
export interface StateChanges extends StateSingles {
  readonly accounts: ReadonlyMap<number, Account>;
  readonly nodes: ReadonlyMap<number, NodeRecord>;
  readonly jobs: ReadonlyMap<number, Job>;
}

/**
 * `StateTree` with the records of the long lists summed up in their roots, which leaves every root
 * and every place in the tree as it is: the records themselves are in the tables.
 */
const SummaryTree = new ContainerType(
  {
    ...StateTree.fields,
    accounts: new ListCompositeType(Hash, MAX_ACCOUNTS),
    registry: new ListCompositeType(Hash, MAX_NODES),
    jobs: new ListCompositeType(Hash, MAX_JOBS),
  },
  { typeName: "SummaryTree", jsonCase: "eth2" },
);
type Tree = CompositeViewDU<typeof SummaryTree>;

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
  readonly accounts: Table<Account>;
  readonly nodes: Table<NodeRecord>;
  /** Active until settled: nothing happens to a job after. */
  readonly jobs: Table<Job>;
  #tree: Tree;
  readonly #parent: State | undefined;
  #sealed: Tree | undefined;

  private constructor(
    singles: StateSingles,
    tables: { accounts: Table<Account>; nodes: Table<NodeRecord>; jobs: Table<Job> },
    tree: Tree,
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
    this.accounts = tables.accounts;
    this.nodes = tables.nodes;
    this.jobs = tables.jobs;
    this.#tree = tree;
    this.#parent = parent;
  }

  static of(parts: StateParts): State {
    const tree = SummaryTree.toViewDU({
      meta: parts.meta,
      seats: [...parts.seats],
      nextSeats: [...parts.nextSeats],
      accounts: accountRoots(parts.accounts),
      registry: nodeRoots(parts.nodes),
      jobs: jobRoots(parts.jobs),
      window: parts.window,
      claims: [...parts.claims],
      unbondings: [...parts.unbondings],
      parameterVotes: [...parts.parameterVotes],
      timeMarks: [...parts.timeMarks],
      track: parts.track,
      trackEntries: [...parts.trackEntries],
    });
    return new State(
      parts,
      {
        accounts: Table.of(parts.accounts, (account) => bytesKey(account.address)),
        nodes: Table.of(parts.nodes, (node) => bytesKey(node.publicKey)),
        jobs: Table.of(parts.jobs, (job) => bytesKey(job.id), isUnsettled),
      },
      tree,
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

  jobIndex(id: Uint8Array): number | undefined {
    return this.jobs.indexOf(bytesKey(id));
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
    this.accounts.absorb(fork.accounts);
    this.nodes.absorb(fork.nodes);
    this.jobs.absorb(fork.jobs);
  }

  singles(): StateSingles {
    const { meta, seats, nextSeats, window, claims, track, trackEntries } = this;
    const { unbondings, parameterVotes, timeMarks } = this;
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
    };
  }

  /** Everything as it is now; later blocks do not change it, since records are never mutated. */
  parts(): StateParts {
    return {
      ...this.singles(),
      accounts: this.accounts.values(),
      nodes: this.nodes.values(),
      jobs: this.jobs.values(),
    };
  }

  changes(): StateChanges {
    return {
      ...this.singles(),
      accounts: this.accounts.changes,
      nodes: this.nodes.changes,
      jobs: this.jobs.changes,
    };
  }

  /**
   * The SSZ tree of this state. A fork's tree is its parent's with the changes laid on; forks of
   * forks (used while trying transactions) are absorbed before anyone asks.
   */
  tree(): Tree {
    if (this.#parent === undefined) return this.#tree;
    if (this.#sealed !== undefined) return this.#sealed;
    const tree = SummaryTree.getViewDU(this.#parent.tree().node);
    tree.meta = Meta.toViewDU(this.meta);
    for (const name of SINGLE_NAMES) {
      if (name !== "meta" && this[name] !== this.#parent[name]) {
        Object.assign(tree, { [name]: toView(STATE_SINGLES[name], this[name]) });
      }
    }
    layOn(tree.accounts, this.accounts, accountRoots);
    layOn(tree.registry, this.nodes, nodeRoots);
    layOn(tree.jobs, this.jobs, jobRoots);
    tree.batchHashTreeRoot();
    return tree;
  }

  /** Call it when all rules have run: the tree is built once and kept for `absorb`. */
  root(): Uint8Array {
    if (this.#parent !== undefined) this.#sealed ??= this.tree();
    return this.tree().batchHashTreeRoot();
  }
}

function isUnsettled({ phase }: Job): boolean {
  return JOB_PHASES[phase] !== "settled";
}

function toView(type: { toViewDU(value: never): unknown }, value: unknown): unknown {
  return type.toViewDU(value as never);
}

interface RootList {
  readonly length: number;
  set(index: number, root: Uint8Array): void;
  push(root: Uint8Array): void;
}

function layOn<V>(
  list: RootList,
  table: Table<V>,
  rootsOf: (values: readonly V[]) => readonly Uint8Array[],
): void {
  const changes = [...table.changes].sort(([a], [b]) => a - b);
  const roots = rootsOf(changes.map(([, value]) => value));
  changes.forEach(([index], i) => {
    const root = roots[i];
    if (root === undefined) throw new RangeError(`no root for record ${index}`);
    if (index < list.length) list.set(index, root);
    else list.push(root);
  });
}

function nodeRoots(nodes: readonly NodeRecord[]): Uint8Array[] {
  return nodes.map((node) => NodeRecord.hashTreeRoot(node));
}

function jobRoots(jobs: readonly Job[]): Uint8Array[] {
  return jobs.map((job) => Job.hashTreeRoot(job));
}

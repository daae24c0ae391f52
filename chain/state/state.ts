/**
 * The state rules read and write: plain records in tables beside the SSZ tree that gives the root.
 * `fork` is cheap; a fork that became final is absorbed by its parent.
 */
import type { CompositeViewDU } from "@chainsafe/ssz";
import { formatAddress } from "../crypto/address.ts";
import { toHex } from "../crypto/hash.ts";
import { Job } from "../types/job.ts";
import { NodeRecord, type Seat, type WindowClaim } from "../types/node.ts";
import {
  Account,
  type CastParameterVote,
  Meta,
  SINGLE_NAMES,
  STATE_SINGLES,
  type StateSingles,
  StateTree,
  type TimeMark,
  type Unbonding,
} from "../types/state.ts";
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

type Tree = CompositeViewDU<typeof StateTree>;

export class State {
  meta: Meta;
  seats: readonly Seat[];
  nextSeats: readonly Seat[];
  claims: readonly WindowClaim[];
  unbondings: readonly Unbonding[];
  parameterVotes: readonly CastParameterVote[];
  timeMarks: readonly TimeMark[];
  readonly accounts: Table<Account>;
  readonly nodes: Table<NodeRecord>;
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
    this.claims = singles.claims;
    this.unbondings = singles.unbondings;
    this.parameterVotes = singles.parameterVotes;
    this.timeMarks = singles.timeMarks;
    this.accounts = tables.accounts;
    this.nodes = tables.nodes;
    this.jobs = tables.jobs;
    this.#tree = tree;
    this.#parent = parent;
  }

  static of(parts: StateParts): State {
    const tree = StateTree.toViewDU({
      meta: parts.meta,
      seats: [...parts.seats],
      nextSeats: [...parts.nextSeats],
      accounts: [...parts.accounts],
      registry: [...parts.nodes],
      jobs: [...parts.jobs],
      claims: [...parts.claims],
      unbondings: [...parts.unbondings],
      parameterVotes: [...parts.parameterVotes],
      timeMarks: [...parts.timeMarks],
    });
    return new State(
      parts,
      {
        accounts: Table.of(parts.accounts, (account) => formatAddress(account.address)),
        nodes: Table.of(parts.nodes, (node) => toHex(node.publicKey)),
        jobs: Table.of(parts.jobs, (job) => toHex(job.id)),
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
    const index = this.accounts.indexOf(formatAddress(address));
    return index === undefined ? { address, balance: 0n, nonce: 0 } : this.accounts.at(index);
  }

  putAccount(account: Account): void {
    const index = this.accounts.indexOf(formatAddress(account.address));
    if (index === undefined) this.accounts.push(account);
    else this.accounts.set(index, account);
  }

  credit(address: Uint8Array, amount: bigint): void {
    if (amount === 0n) return;
    const account = this.account(address);
    this.putAccount({ ...account, balance: account.balance + amount });
  }

  nodeIndex(publicKey: Uint8Array): number | undefined {
    return this.nodes.indexOf(toHex(publicKey));
  }

  jobIndex(id: Uint8Array): number | undefined {
    return this.jobs.indexOf(toHex(id));
  }

  fork(): State {
    return new State(
      this,
      { accounts: this.accounts.fork(), nodes: this.nodes.fork(), jobs: this.jobs.fork() },
      this.#tree,
      this,
    );
  }

  /** Takes over a fork of this state; the fork must not be used afterwards. */
  absorb(fork: State): void {
    if (fork.#parent !== this) throw new TypeError("absorb takes a fork of this very state");
    // First, while this state still differs from its fork.
    if (this.#parent === undefined) this.#tree = fork.tree();
    this.meta = fork.meta;
    this.seats = fork.seats;
    this.nextSeats = fork.nextSeats;
    this.claims = fork.claims;
    this.unbondings = fork.unbondings;
    this.parameterVotes = fork.parameterVotes;
    this.timeMarks = fork.timeMarks;
    this.accounts.absorb(fork.accounts);
    this.nodes.absorb(fork.nodes);
    this.jobs.absorb(fork.jobs);
  }

  singles(): StateSingles {
    const { meta, seats, nextSeats, claims, unbondings, parameterVotes, timeMarks } = this;
    return { meta, seats, nextSeats, claims, unbondings, parameterVotes, timeMarks };
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
    const tree = StateTree.getViewDU(this.#parent.tree().node);
    tree.meta = Meta.toViewDU(this.meta);
    for (const name of SINGLE_NAMES) {
      if (name !== "meta" && this[name] !== this.#parent[name]) {
        Object.assign(tree, { [name]: toView(STATE_SINGLES[name], this[name]) });
      }
    }
    layOn(tree.accounts, this.accounts, Account);
    layOn(tree.registry, this.nodes, NodeRecord);
    layOn(tree.jobs, this.jobs, Job);
    tree.commit();
    return tree;
  }

  /** Call it when all rules have run: the tree is built once and kept for `absorb`. */
  root(): Uint8Array {
    if (this.#parent !== undefined) this.#sealed ??= this.tree();
    return this.tree().hashTreeRoot();
  }
}

function toView(type: { toViewDU(value: never): unknown }, value: unknown): unknown {
  return type.toViewDU(value as never);
}

interface ListView<E> {
  readonly length: number;
  set(index: number, view: E): void;
  push(view: E): void;
}

function layOn<V, E>(list: ListView<E>, table: Table<V>, type: { toViewDU(value: V): E }): void {
  const changes = [...table.changes].sort(([a], [b]) => a - b);
  for (const [index, value] of changes) {
    if (index < list.length) list.set(index, type.toViewDU(value));
    else list.push(type.toViewDU(value));
  }
}

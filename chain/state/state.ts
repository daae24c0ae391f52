/**
 * The state that rules read and write: plain records in tables, beside the SSZ tree that gives the root. A `fork` is
 * cheap, and an `attempt` inside it is even cheaper; a fork that became final is absorbed by its parent.
 */
import { addressKey } from "../crypto/address.ts";
import { bytesKey } from "../crypto/hash.ts";
import type { Account, Meta } from "../types/state.ts";
import { PACKED } from "./packed-roots.ts";
import { slotRoot, slotsIn } from "./slot-tree.ts";
import {
  SINGLE_NAMES,
  type SingleName,
  type StateChanges,
  type StateParts,
  type StateSingles,
} from "./state-parts.ts";
import { packed, type SummaryTree, treeAfter, treeOf } from "./summary-tree.ts";
import type { Table } from "./table.ts";
import { rowOf, type StateTables, TABLE_NAMES, type TableName, tableOf } from "./tables.ts";

type Parts = { -readonly [N in SingleName]: StateSingles[N] } & StateTables;

/** Its properties are the single values and the tables of a state, in a fixed order. */
const PartsHolder = class {
  constructor(singles: Record<string, unknown>, tables: Record<string, unknown>) {
    const parts = this as Record<string, unknown>;
    for (const name of SINGLE_NAMES) parts[name] = singles[name];
    for (const name of TABLE_NAMES) parts[name] = tables[name];
  }
} as unknown as new (
  singles: StateSingles,
  tables: StateTables,
) => Parts;

export class State extends PartsHolder {
  readonly #tables: readonly Table<unknown>[];
  #tree: SummaryTree;
  readonly #parent: State | undefined;
  #sealed: SummaryTree | undefined;

  private constructor(
    singles: StateSingles,
    tables: StateTables,
    tree: SummaryTree,
    parent?: State,
  ) {
    super(singles, tables);
    this.#tables = TABLE_NAMES.map((name) => this.#table(name));
    this.#tree = tree;
    this.#parent = parent;
  }

  static of(parts: StateParts): State {
    const { parameters } = parts.meta;
    const tables = byTable((name) => tableOf(name, parts[name], parameters));
    return new State(parts, tables as unknown as StateTables, treeOf(parts));
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

  /** The index of a job that is under way; settled jobs are known only by index. */
  jobIndex(id: Uint8Array): number | undefined {
    return this.jobs.indexOf(bytesKey(id));
  }

  /** The SSZ root of a job, settled or not, as it is in the tree. */
  jobRoot(index: number): Uint8Array {
    return slotRoot(this.tree().node, rowOf("jobs").list, index);
  }

  fork(): State {
    const tables = byTable((name) => this.#table(name).fork());
    return new State(this, tables as unknown as StateTables, this.#tree, this);
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
    for (const table of this.#tables) table.release();
  }

  /** Runs a change to see whether it throws, and undoes everything that it wrote. */
  rehearse(change: () => void): void {
    const undo = this.#mark();
    try {
      change();
    } finally {
      undo();
    }
  }

  /** @returns a function that restores the present state */
  #mark(): () => void {
    const singles = this.singles();
    for (const table of this.#tables) table.mark();
    return () => {
      Object.assign(this, singles);
      for (const table of this.#tables) table.rollback();
    };
  }

  /** Takes over a fork of this state; the fork must not be used afterwards. */
  absorb(fork: State): void {
    if (fork.#parent !== this) throw new TypeError("absorb takes only a fork of this state");
    // First, while this state still differs from its fork.
    if (this.#parent === undefined) this.#tree = fork.tree();
    // A fork that collects finished blocks changes only by absorbing the next one.
    else this.#sealed = fork.#sealed;
    Object.assign(this, fork.singles());
    for (const name of TABLE_NAMES) this.#absorbTable(name, fork.#table(name));
  }

  #absorbTable(name: TableName, fork: Table<unknown>): void {
    const { list, forgets } = rowOf(name);
    const changed = forgets === true ? [...fork.changes.keys()] : [];
    const table = this.#table(name);
    table.absorb(fork);
    if (this.#parent !== undefined || changed.length === 0) return;
    this.#tree = packed(this.#tree, list, leftStretches(table, changed));
  }

  #table(name: TableName): Table<unknown> {
    return this[name] as unknown as Table<unknown>;
  }

  /** Written out, because every transaction needs it, and a loop over names takes twenty times as long. */
  singles(): StateSingles {
    const { meta, seats, nextSeats, window, claims, track, trackEntries } = this;
    const { unbondings, parameterVotes, timeMarks, drawWeights, nextDrawWeights } = this;
    const { algorithms, algorithmVotes } = this;
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
      algorithms,
      algorithmVotes,
    };
  }

  /** A snapshot of everything; later blocks do not change it, because records are never mutated. */
  parts(): StateParts {
    const tables = byTable((name) => {
      const table = this.#table(name);
      const { list, forgets } = rowOf(name);
      if (forgets !== true) return table.values();
      return slotsIn(this.tree().node, list, table.length, new Map(table.activeEntries()));
    });
    return { ...this.singles(), ...tables } as unknown as StateParts;
  }

  /** The differences from the parent; everything, if there is no parent. */
  changes(): StateChanges {
    const parent = this.#parent;
    const changedSingles =
      parent === undefined
        ? SINGLE_NAMES
        : SINGLE_NAMES.filter((name) => this[name] !== parent[name]);
    const tables = byTable((name) => this.#table(name).changes);
    return { ...this.singles(), changedSingles, ...tables } as unknown as StateChanges;
  }

  /**
   * The SSZ tree of this state. A fork's tree is its parent's tree with the changes applied; forks of forks (used to
   * try transactions) are absorbed before the tree is needed.
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

function byTable<T>(make: (name: TableName) => T): { readonly [N in TableName]: T } {
  return Object.fromEntries(TABLE_NAMES.map((name) => [name, make(name)])) as {
    [N in TableName]: T;
  };
}

/** The first index of each stretch in which one of these records was the last to leave. */
function leftStretches(table: Table<unknown>, changed: readonly number[]): Set<number> {
  const firsts = new Set(changed.map((index) => index - (index % PACKED)));
  for (const first of firsts) {
    const isWhole = first + PACKED <= table.length;
    for (let i = 0; i < PACKED; i++) {
      if (isWhole && table.get(first + i) === undefined) continue;
      firsts.delete(first);
      break;
    }
  }
  return firsts;
}

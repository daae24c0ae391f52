/**
 * The records that a table and its forks share, and the indexes over them: by key, by member, by due height. What a
 * record is for its table follows from its rules.
 */
import { DueIndex } from "./due-index.ts";

/** The properties of its records that a table uses. */
export interface TableRules<V> {
  /** Short and unique, e.g. `bytesKey` of an id. */
  readonly keyOf: (value: V) => string;
  /** Whether the record may still change; default: no record is active. */
  readonly isActive?: (value: V) => boolean;
  /** The group in which an active record is counted. */
  readonly groupOf?: (value: V) => string;
  /** Numbers by which active records can be found; duplicates are allowed. */
  readonly membersOf?: (value: V) => readonly number[];
  /** Height at which an active record is due; 0 = never. */
  readonly dueOf?: (value: V) => number;
  /** Height of the first draw that an active record waits for; 0 = none. */
  readonly drawOf?: (value: V) => number;
  /**
   * Whether records that are not active leave the memory, together with their keys, once a table without a parent
   * absorbs them. They still count, and never become active again.
   */
  readonly forgets?: boolean;
}

/** The data that a table shares with its forks. */
export interface Ground<V> {
  /** Undefined: forgotten. */
  readonly base: (V | undefined)[];
  readonly keys: Map<string, number>;
  readonly rules: TableRules<V>;
  /** Positions in the base. */
  readonly active: Set<number>;
  readonly groups: Map<string, number>;
  /** Positions of active records in the base, by member. */
  readonly members: Map<number, Set<number>>;
  readonly due: DueIndex;
  readonly draws: DueIndex;
}

/** The schedules by which records can be found. */
export type Schedule = "due" | "draws";

export function groundOf<V>(values: Iterable<V | undefined>, rules: TableRules<V>): Ground<V> {
  const ground: Ground<V> = {
    base: [],
    keys: new Map(),
    rules,
    active: new Set(),
    groups: new Map(),
    members: new Map(),
    due: new DueIndex(),
    draws: new DueIndex(),
  };
  for (const value of values) {
    const index = ground.base.length;
    if (value === undefined || isForgotten(rules, value)) {
      ground.base.push(undefined);
      continue;
    }
    ground.base.push(value);
    ground.keys.set(rules.keyOf(value), index);
    note(ground, index, value);
    const group = isActive(rules, value) ? rules.groupOf?.(value) : undefined;
    if (group !== undefined) add(ground.groups, group, 1);
  }
  return ground;
}

export function isActive<V>(rules: TableRules<V>, value: V): boolean {
  return rules.isActive?.(value) ?? false;
}

export function heightOf<V>(rules: TableRules<V>, schedule: Schedule, value: V): number {
  if (!isActive(rules, value)) return 0;
  return (schedule === "due" ? rules.dueOf?.(value) : rules.drawOf?.(value)) ?? 0;
}

export function isForgotten<V>(rules: TableRules<V>, value: V): boolean {
  return rules.forgets === true && !isActive(rules, value);
}

export function membersOf<V>(rules: TableRules<V>, value: V): readonly number[] {
  return isActive(rules, value) ? (rules.membersOf?.(value) ?? []) : [];
}

/** Updates the ground when a record of its base changes. */
export function note<V>(ground: Ground<V>, index: number, value: V, before?: V): void {
  const { active, due, draws, members, rules } = ground;
  if (isActive(rules, value)) active.add(index);
  else active.delete(index);
  due.set(index, heightOf(rules, "due", value));
  draws.set(index, heightOf(rules, "draws", value));
  if (rules.membersOf === undefined) return;
  for (const member of before === undefined ? [] : membersOf(rules, before)) {
    const positions = members.get(member);
    positions?.delete(index);
    if (positions?.size === 0) members.delete(member);
  }
  for (const member of membersOf(rules, value)) {
    const positions = members.get(member) ?? new Set();
    members.set(member, positions.add(index));
  }
}

export function add(counts: Map<string, number>, group: string, more: number): void {
  const count = (counts.get(group) ?? 0) + more;
  if (count === 0) counts.delete(group);
  else counts.set(group, count);
}

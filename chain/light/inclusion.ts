/**
 * Proofs that a block, or the state after it, contains something, checked against a trusted header alone. Accounts,
 * nodes and jobs are leaves of the state; transactions, records and rating changes are leaves of the body.
 */
import { Tree } from "@chainsafe/persistent-merkle-tree";
import type { Type, ValueOf } from "@chainsafe/ssz";
import { decodeSsz } from "../decode.ts";
import { isIncluded, proveRecord, recordIndex } from "../proof/inclusion.ts";
import type { State } from "../state/state.ts";
import type { TableList, TableName } from "../state/tables.ts";
import { type Body, type Header, RatingChanges, Records, Transactions } from "../types/block.ts";
import { Job, JobRecord } from "../types/job.ts";
import { type InclusionProof, PROVABLE, type Provable } from "../types/light.ts";
import { NodeRecord, RatingChange } from "../types/node.ts";
import { Account, StateTree } from "../types/state.ts";
import { SignedTransaction } from "../types/transaction.ts";
import { LightError } from "./light-error.ts";

/** The type of each kind of thing that can be proven. */
const TYPES = {
  account: Account,
  node: NodeRecord,
  job: Job,
  transaction: SignedTransaction,
  record: JobRecord,
  "rating-change": RatingChange,
} as const satisfies Record<Provable, Type<unknown>>;

/** For records in tables of the state: the table, and its name in the tree. */
const TABLES = {
  account: { table: "accounts", list: "accounts" },
  node: { table: "nodes", list: "registry" },
  job: { table: "jobs", list: "jobs" },
} as const satisfies Record<string, { table: TableName; list: TableList }>;
export type StateKind = keyof typeof TABLES;

/** What was proven, and its position. */
export type Proven = {
  [K in Provable]: {
    readonly kind: K;
    readonly index: number;
    readonly value: ValueOf<(typeof TYPES)[K]>;
  };
}[Provable];

const BODY_LISTS = {
  transaction: { field: "transactions", root: "transactionsRoot", type: Transactions },
  record: { field: "records", root: "recordsRoot", type: Records },
  "rating-change": { field: "ratingChanges", root: "ratingsRoot", type: RatingChanges },
} as const;
export type BodyKind = keyof typeof BODY_LISTS;

/**
 * @param settled the record of a settled job, which the state does not have
 * @throws RangeError when the state has no such record
 */
export function proveInState(
  state: State,
  kind: StateKind,
  index: number,
  settled?: Job,
): InclusionProof {
  const { table, list } = TABLES[kind];
  const type: Type<unknown> = TYPES[kind];
  const value = type.serialize(settled ?? state[table].at(index));
  return { kind: PROVABLE.indexOf(kind), index, value, path: proveRecord(state, list, index) };
}

/** @throws RangeError when the body has no such entry */
export function proveInBody(body: Body, kind: BodyKind, index: number): InclusionProof {
  const { field, type } = BODY_LISTS[kind];
  const list = type as unknown as BodyListType;
  const entries: readonly unknown[] = body[field];
  if (entries[index] === undefined) throw new RangeError(`no ${kind} ${index} in the block`);
  const tree = new Tree(list.toView(entries).node);
  return {
    kind: PROVABLE.indexOf(kind),
    index,
    value: list.elementType.serialize(entries[index]),
    path: tree.getSingleProof(list.getPathInfo([index]).gindex),
  };
}

/** What the three list types have in common; only their element types differ. */
interface BodyListType {
  readonly elementType: Type<unknown>;
  toView(values: readonly unknown[]): { readonly node: Tree["rootNode"] };
  getPathInfo(path: readonly number[]): { readonly gindex: bigint };
}

/**
 * Checks a proof against a header that is trusted already.
 * @throws LightError LIGHT_NOT_INCLUDED; DecodeError
 */
export function verifyInclusion(header: Header, proof: InclusionProof): Proven {
  const { index, path } = proof;
  const kind = PROVABLE[proof.kind];
  if (kind === undefined) throw notIncluded(`kind ${proof.kind}`, proof);
  const type: Type<unknown> = TYPES[kind];
  const value = decodeSsz(kind, type, proof.value);
  const [root, place] = placeOf(header, kind, proof);
  if (!isIncluded(root, type.hashTreeRoot(value), place, path)) throw notIncluded(kind, proof);
  return { kind, index, value } as Proven;
}

/** @throws LightError for an index beyond the limit of the list, because it would name another place of the tree */
function placeOf(
  header: Header,
  kind: Provable,
  proof: InclusionProof,
): [root: Uint8Array, gindex: bigint] {
  const { index } = proof;
  if (isStateKind(kind)) {
    const { list } = TABLES[kind];
    if (index >= StateTree.fields[list].limit) throw notIncluded(kind, proof);
    return [header.stateRoot, recordIndex(list, index)];
  }
  const { root, type } = BODY_LISTS[kind];
  if (index >= type.limit) throw notIncluded(kind, proof);
  return [header[root], type.getPathInfo([index]).gindex];
}

function isStateKind(kind: Provable): kind is StateKind {
  return Object.hasOwn(TABLES, kind);
}

function notIncluded(kind: string, { index }: InclusionProof): LightError {
  return new LightError(`the block does not hold this ${kind} at position ${index}`, {
    code: "LIGHT_NOT_INCLUDED",
    kind,
    index,
  });
}

/**
 * The state as entries of the database: a few single values, and tables with an entry a record. Of a settled job the
 * state has its root alone.
 */
import { isUnsettled, SlotList } from "../../chain/state/job-slots.ts";
import { State, type StateChanges } from "../../chain/state/state.ts";
import { Job } from "../../chain/types/job.ts";
import { NodeRecord } from "../../chain/types/node.ts";
import {
  Account,
  SINGLE_NAMES,
  STATE_SINGLES,
  type StateSingles,
  serializeSingle,
} from "../../chain/types/state.ts";
import { type Database, put, remove, type Write } from "./database.ts";
import { decodeEntry } from "./decode-entry.ts";
import { nameKey, numberKey, numberOf, type Prefix, range } from "./keys.ts";
import { recordWrites } from "./settled-entries.ts";
import { StoreError } from "./store-error.ts";

/** A state whose past the database does not know. */
export function wholeStateWrites(state: State): Write[] {
  const { jobs, ...parts } = state.parts();
  const changes: StateChanges = {
    ...parts,
    changedSingles: SINGLE_NAMES,
    accounts: new Map(parts.accounts.entries()),
    nodes: new Map(parts.nodes.entries()),
    jobs: new Map(state.jobs.activeEntries()),
  };
  const writes = stateWrites(changes);
  let index = 0;
  for (const slot of jobs) {
    if (slot instanceof Uint8Array) writes.push(put(numberKey("settledRoot", index), slot));
    index++;
  }
  return writes;
}

export function stateWrites(changes: StateChanges): Write[] {
  const writes = changes.changedSingles.map((name) =>
    put(nameKey("single", name), serializeSingle(changes, name)),
  );
  for (const [i, value] of changes.accounts)
    writes.push(put(numberKey("account", i), Account.serialize(value)));
  for (const [i, value] of changes.nodes)
    writes.push(put(numberKey("node", i), NodeRecord.serialize(value)));
  for (const [i, value] of changes.jobs) {
    const key = numberKey("job", i);
    if (isUnsettled(value)) writes.push(put(key, Job.serialize(value)));
    else writes.push(remove(key), put(numberKey("settledRoot", i), Job.hashTreeRoot(value)));
  }
  writes.push(...recordWrites(changes.jobs));
  return writes;
}

/** @throws StoreError DAMAGED_STORE when a part is missing or does not decode */
export async function readState(db: Database): Promise<State> {
  const singles: Record<string, unknown> = {};
  for (const name of SINGLE_NAMES) {
    const bytes = await db.get(nameKey("single", name));
    if (bytes === undefined) throw StoreError.damaged(`the state lacks ${name}`);
    singles[name] = decodeEntry<unknown>(name, STATE_SINGLES[name], bytes);
  }
  return State.of({
    ...(singles as unknown as StateSingles),
    accounts: await list(db, "account", Account),
    nodes: await list(db, "node", NodeRecord),
    jobs: await readJobs(db),
  });
}

/** Those under way and the roots of the others together leave no gap. */
async function readJobs(db: Database): Promise<SlotList> {
  const open = new Map<number, Job>();
  for await (const [key, bytes] of db.entries(range("job"))) {
    const index = numberOf(key);
    open.set(index, decodeEntry(`job ${index}`, Job, bytes));
  }
  const jobs = new SlotList();
  const addOpen = (end: number): void => {
    for (let job = open.get(jobs.length); job !== undefined; job = open.get(jobs.length)) {
      open.delete(jobs.length);
      jobs.push(job);
    }
    if (jobs.length < end) throw StoreError.damaged(`job ${jobs.length} is missing`);
  };
  for await (const [key, root] of db.entries(range("settledRoot"))) {
    const index = numberOf(key);
    addOpen(index);
    if (jobs.length > index) throw StoreError.damaged(`job ${index} is settled and under way`);
    if (root.length !== 32) throw StoreError.damaged(`the root of job ${index} is not one`);
    jobs.push(root);
  }
  addOpen(0);
  const [beyond] = open.keys();
  if (beyond !== undefined) throw StoreError.damaged(`job ${beyond} follows none`);
  return jobs;
}

async function list<V>(
  db: Database,
  prefix: Prefix,
  type: { deserialize(bytes: Uint8Array): V },
): Promise<V[]> {
  const values: V[] = [];
  for await (const [key, bytes] of db.entries(range(prefix))) {
    const name = `${prefix} ${values.length}`;
    if (numberOf(key) !== values.length) throw StoreError.damaged(`${name} is missing`);
    values.push(decodeEntry(name, type, bytes));
  }
  return values;
}

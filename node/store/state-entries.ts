/** The state as entries of the database: a few single values, and tables with an entry a record. */
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
import { type Database, put, type Write } from "./database.ts";
import { decodeEntry } from "./decode-entry.ts";
import { nameKey, numberKey, numberOf, type Prefix, range } from "./keys.ts";
import { StoreError } from "./store-error.ts";

/** The first state of a chain as changes to nothing. */
export function wholeState(state: State): StateChanges {
  return {
    ...state.singles(),
    changedSingles: SINGLE_NAMES,
    accounts: new Map(state.accounts.entries()),
    nodes: new Map(state.nodes.entries()),
    jobs: new Map(state.jobs.entries()),
  };
}

export function stateWrites(changes: StateChanges): Write[] {
  const writes = changes.changedSingles.map((name) =>
    put(nameKey("single", name), serializeSingle(changes, name)),
  );
  for (const [i, value] of changes.accounts)
    writes.push(put(numberKey("account", i), Account.serialize(value)));
  for (const [i, value] of changes.nodes)
    writes.push(put(numberKey("node", i), NodeRecord.serialize(value)));
  for (const [i, value] of changes.jobs)
    writes.push(put(numberKey("job", i), Job.serialize(value)));
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
    jobs: await list(db, "job", Job),
  });
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

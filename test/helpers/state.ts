/** A state taken apart, as the store keeps it. */
import type { State, StateParts } from "../../chain/state/state.ts";
import type { Table } from "../../chain/state/table.ts";

export function partsOf(state: State): StateParts {
  return {
    ...state.singles(),
    accounts: values(state.accounts),
    nodes: values(state.nodes),
    jobs: values(state.jobs),
  };
}

function values<V>(table: Table<V>): V[] {
  return Array.from(table.entries(), ([, value]) => value);
}

/** A state taken apart, as the store keeps it. */
import type { JobSlot } from "../../chain/state/job-slots.ts";
import type { State, StateParts } from "../../chain/state/state.ts";
import type { Table } from "../../chain/state/table.ts";

export type Parts = StateParts & { readonly jobs: readonly JobSlot[] };

export function partsOf(state: State): Parts {
  return {
    ...state.singles(),
    accounts: values(state.accounts),
    nodes: values(state.nodes),
    jobs: [...state.parts().jobs],
  };
}

function values<V>(table: Table<V>): V[] {
  return Array.from(table.entries(), ([, value]) => value);
}

/** A state taken apart, as the store keeps it. */

import type { Slot } from "../../chain/state/slots.ts";
import type { State } from "../../chain/state/state.ts";
import type { StateParts } from "../../chain/state/state-parts.ts";
import type { Job } from "../../chain/types/job.ts";

export type Parts = StateParts & { readonly jobs: readonly Slot<Job>[] };

export function partsOf(state: State): Parts {
  const parts = state.parts();
  return { ...parts, jobs: [...parts.jobs] };
}

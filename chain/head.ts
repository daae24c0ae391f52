import type { State } from "./state/state.ts";

/** The last final block and the state after it. At genesis `hash` is the genesis root. */
export interface Head {
  readonly state: State;
  readonly hash: Uint8Array;
}

/** Why an update does not count. */
import { PomlError } from "../../chain/errors.ts";

export type UpdateFacts =
  | { readonly code: "UPDATE_FORMAT"; readonly reason: string }
  | { readonly code: "TOO_LARGE"; readonly limit: number; readonly actual: number }
  | { readonly code: "SHAPE"; readonly expected: number; readonly actual: number }
  | { readonly code: "NOT_FINITE"; readonly index: number }
  /** All zero: the participant sent the global model back. */
  | { readonly code: "NO_CHANGE" }
  /** Longer than the others allow. */
  | { readonly code: "NORM"; readonly norm: number; readonly limit: number };

export class UpdateError extends PomlError<UpdateFacts> {}

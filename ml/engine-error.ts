/**
 * Why an engine refuses to start, to open a model or to take a batch. GOLDEN_MISMATCH and KERNELS_CHANGED mean that
 * this machine must not offer audited work.
 */

import { PomlError } from "../chain/errors.ts";

export type EngineFacts =
  | { readonly code: "GOLDEN_MISMATCH"; readonly expected: string; readonly actual: string }
  | { readonly code: "KERNELS_CHANGED"; readonly expected: string; readonly actual: string }
  | { readonly code: "NO_SIMD" }
  | {
      readonly code: "NEEDS_TFJS";
      readonly layer: string;
      readonly className: string;
      readonly reason: string;
    }
  | { readonly code: "BAD_HYPERPARAMETER"; readonly field: string; readonly reason: string }
  | { readonly code: "TOO_LARGE"; readonly bytes: number; readonly limit: number }
  | { readonly code: "BAD_LABEL"; readonly label: number; readonly classes: number }
  | { readonly code: "NO_BACKEND"; readonly tried: readonly string[] };

export class EngineError extends PomlError<EngineFacts> {
  constructor(message: string, facts: EngineFacts, options: { remedy?: string; cause?: unknown }) {
    super(message, facts, { action: "local", ...options });
  }
}

/**
 * Why a model description or a model file is refused. Every refusal names the layer or the field and says what to
 * change, because the reader is usually a client that submits a job.
 */

import { type ErrorAction, PomlError } from "../../chain/errors.ts";

export type ModelFacts =
  | { readonly code: "NOT_A_MODEL"; readonly field: string; readonly reason: string }
  | { readonly code: "UNSUPPORTED_LAYER"; readonly layer: string; readonly className: string }
  | {
      readonly code: "BAD_CONFIG";
      readonly layer: string;
      readonly field: string;
      readonly reason: string;
    }
  | { readonly code: "NO_CLASSES"; readonly layer: string; readonly reason: string }
  | {
      readonly code: "TOO_LARGE";
      readonly what: string;
      readonly limit: number;
      readonly actual: number;
    }
  /** A valid layer that the exact program does not have; the tfjs engine may run it. */
  | {
      readonly code: "NEEDS_TFJS";
      readonly layer: string;
      readonly className: string;
      readonly reason: string;
    }
  | { readonly code: "UNKNOWN_PRESET"; readonly preset: string; readonly known: readonly string[] }
  | {
      readonly code: "BAD_PRESET_SHAPE";
      readonly preset: string;
      readonly inputShape: readonly number[];
      readonly reason: string;
    }
  | { readonly code: "OTHER_OPERATIONS"; readonly declared: number; readonly actual: number }
  | { readonly code: "BAD_ARTIFACT"; readonly field: string; readonly reason: string };

export class ModelError extends PomlError<ModelFacts> {
  constructor(
    message: string,
    facts: ModelFacts,
    options: { remedy?: string; cause?: unknown; action?: ErrorAction } = {},
  ) {
    super(message, facts, options);
  }
}

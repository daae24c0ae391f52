/** Checks that two votes prove amnesia (finality/contradiction.ts). */
import { isAmnesia } from "../finality/contradiction.ts";
import type { Amnesia } from "../types/evidence.ts";
import { InvalidEvidence, unrelated } from "./evidence-error.ts";

/** @throws InvalidEvidence */
export function checkAmnesia({ lock, later }: Amnesia): void {
  for (const field of ["seat", "height"] as const) {
    if (lock[field] !== later[field]) throw unrelated(field);
  }
  if (!isAmnesia(lock, later)) {
    throw new InvalidEvidence("the later vote does not break the lock of the first", {
      code: "EVIDENCE_NO_AMNESIA",
    });
  }
}

/** A step that a lease table does not take. */
import { PomlError } from "../../../../chain/errors.ts";
import type { LeaseStep } from "./step.ts";

type Refusal =
  | "UNKNOWN_LEASE"
  | "WRONG_NUMBER"
  | "NOT_FREE"
  | "NOT_OPEN"
  | "NOT_HELD"
  | "OWN_UNITS"
  | "NOT_SEARCHED"
  | "REPEATED"
  | "OVER"
  | "OUTSIDE"
  | "NOTHING_NEW"
  | "CLOSED"
  | "NOT_YET"
  | "TOO_MANY";

export class LeaseStepError extends PomlError<{
  code: "LEASE_STEP";
  reason: Refusal;
  step: LeaseStep;
}> {}

export function refuse(step: LeaseStep, reason: Refusal): LeaseStepError {
  return new LeaseStepError(
    `a ${step.kind} step does not fit the log before it: ${reason}`,
    { code: "LEASE_STEP", reason, step },
    { remedy: "a manager that writes such a step is at fault; the next in drawn order takes over" },
  );
}

/** Why a light client refuses data. */
import { PomlError } from "../errors.ts";

type LightFacts =
  | { code: "LIGHT_VERSION"; expected: number; actual: number }
  | { code: "LIGHT_OTHER_BLOCK"; height: number; expected: string; actual: string }
  | { code: "LIGHT_OTHER_CHAIN" }
  | { code: "LIGHT_CONFLICT"; height: number; one: string; other: string }
  | { code: "LIGHT_NO_CONFLICT"; height: number }
  | { code: "LIGHT_NOT_COMPARABLE"; height: number }
  | { code: "LIGHT_NOBODY_ACCUSED"; height: number }
  | { code: "LIGHT_NOT_LATER"; trusted: number; height: number }
  | { code: "LIGHT_TIME"; trusted: bigint; time: bigint }
  | { code: "LIGHT_SEATS"; reason: string }
  | { code: "LIGHT_CERTIFICATE_OF_ANOTHER_BLOCK"; height: number }
  | { code: "LIGHT_STRANGERS"; trusted: number; height: number }
  | { code: "LIGHT_APPOINTMENT"; field: string }
  | { code: "LIGHT_NOT_INCLUDED"; kind: string; index: number }
  | { code: "LIGHT_TRUST_EXPIRED"; trusted: number; ageMs: bigint; limitMs: bigint };

export class LightError extends PomlError<LightFacts> {}

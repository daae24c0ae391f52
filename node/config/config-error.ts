/** A setting, genesis or data directory that cannot be used; the error names the field and its origin. */
import { PomlError } from "../../chain/errors.ts";

export type ConfigFacts =
  | { code: "BAD_OPTION"; field: string; source: string; reason: string }
  | { code: "UNKNOWN_OPTION"; field: string; source: string }
  | { code: "CONFIG_MALFORMED"; path: string; reason: string }
  | { code: "GENESIS_MALFORMED"; field: string; reason: string }
  | { code: "ENDPOINTS_UNREADABLE"; path: string; reason: string }
  | { code: "WRONG_ENGINE"; expected: string; actual: string }
  | { code: "NOT_INITIALISED"; path: string }
  | { code: "ALREADY_INITIALISED"; path: string };

export class ConfigError extends PomlError<ConfigFacts> {
  constructor(message: string, facts: ConfigFacts, remedy: string, cause?: unknown) {
    super(message, facts, { action: "local", remedy, cause });
  }
}

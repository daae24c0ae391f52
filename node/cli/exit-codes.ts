/** What the exit status of `poml` means: one table, printed by `poml help exit-codes`. */
import { PomlError } from "../../chain/errors.ts";

export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  network: 4,
  verification: 5,
  refused: 6,
  setup: 7,
  unchecked: 8,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: "done",
  failure: "failed for a reason without its own code",
  usage: "the command line or a setting is wrong",
  notFound: "what was asked for does not exist",
  network: "the node does not answer, or not in time",
  verification: "the model, certificate, module or chain data did not verify",
  refused: "the node or the chain refused the request",
  setup: "key file, data directory or genesis cannot be used",
  unchecked: "what could be checked is right, but a file was missing to check the rest",
  interrupted: "stopped by Ctrl-C",
};

/** Lines of the table, e.g. `  4  the node does not answer`. */
export function exitCodeTable(): string {
  return (Object.keys(EXIT) as (keyof typeof EXIT)[])
    .map((name) => `${String(EXIT[name]).padStart(5)}  ${MEANINGS[name]}`)
    .join("\n");
}

export interface CliFacts {
  readonly code: string;
  readonly exit: ExitCode;
  readonly field?: string;
  readonly [detail: string]: unknown;
}

/** A failure of a command itself, with the exit status that it causes. */
export class CliError extends PomlError<CliFacts> {
  constructor(message: string, facts: CliFacts, remedy?: string, cause?: unknown) {
    super(message, facts, {
      action: "local",
      cause,
      ...(remedy === undefined ? {} : { remedy }),
    });
  }
}

/** A wrong argument. */
export function usageError(field: string, reason: string, remedy: string): CliError {
  return new CliError(
    `${field}: ${reason}`,
    { code: "BAD_ARGUMENT", exit: EXIT.usage, field },
    remedy,
  );
}

const BY_CODE: Readonly<Record<string, ExitCode>> = {
  BAD_OPTION: EXIT.usage,
  UNKNOWN_OPTION: EXIT.usage,
  BAD_AMOUNT: EXIT.usage,
  BAD_ADDRESS: EXIT.usage,
  STORE_IN_USE: EXIT.setup,
  STORE_MISSING: EXIT.setup,
  DAMAGED_STORE: EXIT.setup,
  UNREADABLE_STORE: EXIT.setup,
  STORE_FORMAT: EXIT.setup,
  DISK_FULL: EXIT.setup,
  NOT_UNDOABLE: EXIT.setup,
  NOT_REPAIRABLE: EXIT.setup,
  NOT_ABSTAINING: EXIT.usage,
  WRONG_GENESIS: EXIT.setup,
  CONFIG_MALFORMED: EXIT.setup,
  GENESIS_MALFORMED: EXIT.setup,
  BAD_GENESIS: EXIT.setup,
  WRONG_ENGINE: EXIT.setup,
  PORT_IN_USE: EXIT.setup,
  PORT_NOT_ALLOWED: EXIT.setup,
  BAD_HOST: EXIT.setup,
  ENDPOINTS_UNREADABLE: EXIT.setup,
  NOT_INITIALISED: EXIT.setup,
  ALREADY_INITIALISED: EXIT.setup,
  KEY_FILE_MISSING: EXIT.setup,
  KEY_FILE_EXISTS: EXIT.setup,
  KEY_FILE_EXPOSED: EXIT.setup,
  KEY_FILE_MALFORMED: EXIT.setup,
  PASSPHRASE_NEEDED: EXIT.setup,
  PASSPHRASE_WRONG: EXIT.setup,
  TRUST_MISMATCH: EXIT.verification,
  HISTORY_MISMATCH: EXIT.verification,
  BAD_SNAPSHOT: EXIT.verification,
  NO_SNAPSHOT: EXIT.notFound,
  ALGORITHM_MALFORMED: EXIT.verification,
  ALGORITHM_TOO_LARGE: EXIT.verification,
  ALGORITHM_IMPORTS: EXIT.verification,
  ALGORITHM_EXPORT: EXIT.verification,
  ALGORITHM_MEMORY: EXIT.verification,
  ALGORITHM_INSTRUCTION: EXIT.verification,
  ALGORITHM_RECURSION: EXIT.verification,
  ALGORITHM_TRAPPED: EXIT.verification,
  ALGORITHM_ENDLESS: EXIT.verification,
  ALGORITHM_RESULT: EXIT.verification,
};

/** The exit status of an error. Errors of the API carry an HTTP status; 0 means that none was sent. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CliError) return error.facts.exit;
  if (!(error instanceof PomlError)) return EXIT.failure;
  const { code, status } = error.facts as { code: string; status?: unknown };
  if (typeof status === "number") {
    if (status === 0) return BY_CODE[code] ?? EXIT.network;
    if (status === 404) return EXIT.notFound;
    return status < 500 ? EXIT.refused : EXIT.failure;
  }
  return BY_CODE[code] ?? EXIT.failure;
}

/** What every command receives: the output streams, the environment, and the signal of Ctrl-C. */
import type { AskPassphrase } from "../wallet/key-file.ts";
import type { Output } from "./output.ts";

export interface CliContext {
  readonly output: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Fires on SIGINT and SIGTERM; a second signal ends the process. */
  readonly signal: AbortSignal;
  /** Taken from POML_PASSPHRASE, otherwise asked for on the terminal; undefined when there is no terminal. */
  readonly askPassphrase: AskPassphrase;
}

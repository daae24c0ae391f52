/** The `poml` program: hands arguments, environment and streams to the command line. */
import { Output } from "./cli/output.ts";
import { passphraseFrom } from "./cli/passphrase.ts";
import { runCli } from "./cli/program.ts";

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  // The first signal asks to stop; without a handler left, the second ends the process.
  process.once(name, () => stop.abort(new Error(name)));
}

/** A handle that something forgot to close must not keep a finished command alive. */
const LINGER_MS = 3000;

process.exitCode = await runCli(process.argv.slice(2), {
  output: new Output(process.stdout, process.stderr),
  env: process.env,
  signal: stop.signal,
  askPassphrase: passphraseFrom(process.env, process.stdin, process.stderr),
});
setTimeout(() => process.exit(), LINGER_MS).unref();

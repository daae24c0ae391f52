/** The `poml` program: passes arguments, environment and streams to the command line. */
import { EXIT } from "./cli/exit-codes.ts";
import { Output } from "./cli/output.ts";
import { passphraseFrom } from "./cli/passphrase.ts";
import { runCli } from "./cli/program.ts";
import { withoutEmpty } from "./config/environment.ts";
import { armCrashPoint } from "./crash-points.ts";

/** npm repeats a terminal's Ctrl-C to its child, so two signals in a row are one. */
const SAME_SIGNAL_MS = 1000;

const env = withoutEmpty(process.env);
armCrashPoint(env.POML_FAIL_AT);

const stop = new AbortController();
let stoppedAt = 0;
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    if (!stop.signal.aborted) {
      stoppedAt = performance.now();
      stop.abort(new Error(name));
    } else if (performance.now() - stoppedAt > SAME_SIGNAL_MS) {
      process.exit(EXIT.interrupted);
    }
  });
}

for (const stream of [process.stdout, process.stderr]) {
  // The reader may close the pipe first (`poml status | head`); that is no failure, especially not of a node.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

/** A handle that was not closed must not keep a finished command alive. */
const LINGER_MS = 3000;

process.exitCode = await runCli(process.argv.slice(2), {
  output: new Output(process.stdout, process.stderr),
  env,
  signal: stop.signal,
  askPassphrase: passphraseFrom(env, process.stdin, process.stderr),
});
setTimeout(() => process.exit(), LINGER_MS).unref();

#!/usr/bin/env node
/**
 * Starts `poml` on a Node that runs TypeScript: this one if it is new enough, else the one that the
 * npm package `node` brought along. Plain JavaScript, so that any Node can read it.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NEEDED = [22, 18];
const main = new URL("../main.ts", import.meta.url);

if (isEnough(process.versions.node)) await import(main.href);
else restart();

function isEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

function restart() {
  const runtime = pinnedRuntime();
  if (runtime === undefined) {
    process.stderr.write(
      `error: poml needs Node ${NEEDED.join(".")} or newer, this is ${process.versions.node}\n` +
        "  try: run `npm ci` in the project, which brings its own Node, or install Node 22\n",
    );
    process.exitCode = 7;
    return;
  }
  const child = spawn(runtime, [fileURLToPath(main), ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`error: cannot run ${runtime}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

function pinnedRuntime() {
  try {
    const manifest = createRequire(import.meta.url).resolve("node/package.json");
    const runtime = join(dirname(manifest), "bin", "node");
    return existsSync(runtime) ? runtime : undefined;
  } catch {
    return undefined;
  }
}

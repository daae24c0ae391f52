/**
 * Reads a whole database in a separate process. Some damage makes LevelDB abort the process that reads it; this turns
 * the abort into an error with a remedy.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { databasePlace } from "./format.ts";
import { StoreError } from "./store-error.ts";

const MAIN = fileURLToPath(new URL("./probe-main.ts", import.meta.url));

/** @throws StoreError UNREADABLE_STORE when reading it ends the process */
export async function probeDatabase(dataDir: string): Promise<void> {
  const { path } = databasePlace(dataDir);
  const child = fork(MAIN, [path], { stdio: "ignore" });
  const [, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  if (signal !== null) throw StoreError.unreadable(path, signal);
}

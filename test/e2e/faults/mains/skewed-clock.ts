/**
 * A node whose wall clock is wrong by as many milliseconds as stand in the file `clock-offset` of its data
 * directory, read at its start and anew at every SIGUSR2. Its monotonic clock is right, as that of a machine whose time
 * somebody sets.
 */
import { existsSync, readFileSync } from "node:fs";
import { systemClock } from "../../../../node/clock.ts";
import { runAsNode } from "./run-as-node.ts";

const dataDir = process.argv[process.argv.indexOf("--data-dir") + 1] ?? ".";
const path = `${dataDir}/clock-offset`;
const read = (): number => (existsSync(path) ? Number(readFileSync(path, "utf8")) : 0);
let offsetMs = read();
process.on("SIGUSR2", () => {
  offsetMs = read();
});

await runAsNode({ clock: { ...systemClock, now: () => systemClock.now() + offsetMs } });

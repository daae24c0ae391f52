/**
 * A node whose wall clock is wrong by as many milliseconds as stand in the file `clock-offset` of its data
 * directory, read anew at every SIGUSR2. Its monotonic clock is right, as that of a machine whose time
 * somebody sets.
 */
import { readFileSync } from "node:fs";
import { systemClock } from "../../../../node/clock.ts";
import { runAsNode } from "./run-as-node.ts";

const dataDir = process.argv[process.argv.indexOf("--data-dir") + 1] ?? ".";
let offsetMs = 0;
process.on("SIGUSR2", () => {
  offsetMs = Number(readFileSync(`${dataDir}/clock-offset`, "utf8"));
});

await runAsNode({ clock: { ...systemClock, now: () => systemClock.now() + offsetMs } });

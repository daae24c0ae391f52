/**
 * The process of one import. It takes an order on standard input, as one line, reports its progress on descriptor 3,
 * waits for permission before it writes the dataset, and ends. It writes and waits synchronously, so that its messages
 * arrive while it computes.
 */
import { readSync, writeSync } from "node:fs";
import { PomlError } from "../../chain/errors.ts";
import { reasonOf } from "../reason.ts";
import { importDataset } from "./import-dataset.ts";
import { type ImportMessage, sentError } from "./import-messages.ts";
import type { ImportOrder } from "./import-order.ts";

const IN = 0;
const OUT = 3;
/** Smaller steps are not reported. */
const STEP = 0.01;

let told = -1;

function tell(message: ImportMessage): void {
  writeSync(OUT, `${JSON.stringify(message)}\n`);
}

function readLine(): string {
  const parts: Buffer[] = [];
  const part = Buffer.alloc(4096);
  for (;;) {
    const count = readSync(IN, part);
    if (count === 0) throw new Error("the node has ended");
    const end = part.subarray(0, count).indexOf(10);
    parts.push(Buffer.from(part.subarray(0, end === -1 ? count : end)));
    if (end !== -1) return Buffer.concat(parts).toString("utf8");
  }
}

try {
  const order = JSON.parse(readLine()) as ImportOrder;
  await importDataset(
    order,
    (done, what) => {
      if (done - told < STEP && done < 1) return;
      told = done;
      tell({ kind: "progress", done, what });
    },
    async (bytes) => {
      tell({ kind: "size", bytes });
      readLine();
    },
  );
  tell({ kind: "done" });
} catch (error) {
  if (error instanceof PomlError) tell({ kind: "refused", error: sentError(error) });
  else
    tell({
      kind: "crashed",
      reason: error instanceof Error ? (error.stack ?? "") : reasonOf(error),
    });
  process.exitCode = 1;
}

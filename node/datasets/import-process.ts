/**
 * The process of one import: takes an order on standard input, tells how it goes on descriptor 3,
 * and ends. It writes synchronously, so that its words arrive while it computes.
 */
import { readFileSync, writeSync } from "node:fs";
import { PomlError } from "../../chain/errors.ts";
import { reasonOf } from "../api/reason.ts";
import { importDataset } from "./import-dataset.ts";
import { type ImportMessage, sentError } from "./import-messages.ts";
import type { ImportOrder } from "./import-order.ts";

const OUT = 3;
/** Smaller steps are not worth a message. */
const STEP = 0.01;

let told = -1;

function tell(message: ImportMessage): void {
  writeSync(OUT, `${JSON.stringify(message)}\n`);
}

try {
  const order = JSON.parse(readFileSync(0, "utf8")) as ImportOrder;
  await importDataset(order, (done, what) => {
    if (done - told < STEP && done < 1) return;
    told = done;
    tell({ kind: "progress", done, what });
  });
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

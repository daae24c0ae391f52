/** Opens the journal of a data directory and reports to the operator what was found in it. */
import { join } from "node:path";
import type { NodeLog } from "../telemetry/log.ts";
import { Journal, type JournalOptions } from "./journal.ts";

export async function openJournal(
  { dataDir, ...options }: JournalOptions & { readonly dataDir: string },
  log: NodeLog,
): Promise<Journal> {
  const journal = await Journal.open(join(dataDir, "votes.journal"), options);
  const { finding, abstainsThrough } = journal;
  if (finding === "torn") log.info("the last record of the votes was cut short and never sent");
  if (finding === "damaged" || finding === "lost") {
    log.error("the record of this node's votes is gone", { code: "DAMAGED_JOURNAL", finding });
  }
  if (abstainsThrough > options.head) {
    log.warn("follows without voting, because it may have voted there without a record", {
      through: abstainsThrough,
    });
  }
  return journal;
}

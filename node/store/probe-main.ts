/**
 * The process behind probe.ts: it reads every entry. What it finds does not matter; only whether the process survives.
 */
import { Database } from "./database.ts";
import { findDatabase } from "./format.ts";

const [, , path = ""] = process.argv;
try {
  const { isPresent } = await findDatabase({ path, marker: `${path}.format` });
  if (isPresent) {
    const db = await Database.open(path, { createIfMissing: false });
    for await (const _ of db.rawEntries({})) {
      // Only reading matters.
    }
    await db.close();
  }
} catch {
  // The next process that opens the database reports the error.
}
process.disconnect?.();

/** The process behind probe.ts: reads every entry. What it finds does not matter, only that it lives. */
import { Database } from "./database.ts";
import { findDatabase } from "./format.ts";

const [, , path = ""] = process.argv;
try {
  const { isPresent } = await findDatabase({ path, marker: `${path}.format` });
  if (isPresent) {
    const db = await Database.open(path, { createIfMissing: false });
    for await (const _ of db.rawEntries({})) {
      // Reading is all.
    }
    await db.close();
  }
} catch {
  // An error is reported by whoever opens the database next.
}
process.disconnect?.();

/** A helper process that never ends its first task: it computes, or takes memory, or dies. */
import { endWithParent } from "../../../node/helpers/end-with-parent.ts";

const [how] = process.argv.slice(2);
const kept: Buffer[] = [];

endWithParent();
process.once("disconnect", () => process.exit(0));
process.on("message", () => {
  process.send?.({ kind: "started" });
  if (how === "dies") process.exit(3);
  if (how === "fails") process.send?.({ kind: "failed", code: "BROKEN", message: "it broke" });
  if (how === "grows") setInterval(() => kept.push(Buffer.alloc(32 * 1024 * 1024, 1)), 20);
  // The word that it started has to leave first.
  if (how === "computes")
    setTimeout(() => {
      for (;;) kept.length = 0;
    }, 50);
});

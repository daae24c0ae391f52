/**
 * Every crash point a running node passes, one after another on one network: the node dies there, comes back,
 * follows, and nobody saw it sign twice. Those of commands are in their tests (test/node/store, test/node/cli).
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CRASH_POINTS, type CrashPoint } from "../../../node/crash-points.ts";
import { dieAndReturn, dieRecovering } from "../../helpers/crash-sweep.ts";
import { LocalNetwork, type LocalNode } from "../../helpers/local-network.ts";

/** Points of commands and of rare work, tested where that work is. */
const ELSEWHERE: ReadonlySet<CrashPoint> = new Set([
  "prune-begun",
  "prune-removed",
  "block-undone",
  "block-fetched",
  "store-rebuilt",
  "store-aside",
  "snapshot-written",
]);

/** These are passed at a start only when the journal must be written anew. */
const NEED_DAMAGE: ReadonlySet<CrashPoint> = new Set(["journal-copied", "journal-replaced"]);

describe("a node that dies at every crash point", function () {
  this.timeout(600_000);
  let net: LocalNetwork;

  before(async () => {
    net = await LocalNetwork.create({ nodes: 4, workers: 0 });
    await net.start();
  });
  after(() => net?.stop());

  for (const [number, point, before, after] of CRASH_POINTS) {
    if (ELSEWHERE.has(point)) continue;
    it(`${number} ${point}: ${before}, but not: ${after}`, async () => {
      const victim = net.at(number % 4);
      try {
        if (NEED_DAMAGE.has(point)) await damageJournal(victim);
        if (point === "start-replayed") {
          const bystander = net.at((number + 1) % 4);
          await dieRecovering(net, victim, bystander, "prevote-journaled:2", point);
        } else {
          await dieAndReturn(
            net,
            victim,
            /^start|^journal-[cr]/.test(point) ? point : `${point}:2`,
          );
        }
      } catch (error) {
        throw net.explained(error);
      }
    });
  }
});

async function damageJournal(node: LocalNode): Promise<void> {
  await node.stop();
  const path = join(node.dataDir, "votes.journal");
  const bytes = await readFile(path);
  bytes[3] = (bytes[3] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

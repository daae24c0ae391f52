/**
 * The disk of one node fills up. It stops voting and taking blocks before the last byte is gone, says so, and goes
 * on answering; with room again it resumes by itself, without repair. Started on a full disk it refuses, with the
 * remedy. The data directory lies on a small tmpfs, so the test needs the right to mount one.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { until } from "../../helpers/until.ts";
import { FaultNetwork, PATIENCE_MS } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";
import { answerOf, heightOf, metricsOf } from "./harness/probe.ts";
import { endedStart } from "./harness/refused-start.ts";

const run = promisify(execFile);
const DISK_MIB = 64;
const RESERVE_MIB = 16;

describe("disk full", function () {
  this.timeout(600_000);

  let net: FaultNetwork;
  let mounted: string | undefined;

  before(async () => {
    net = await FaultNetwork.start({ settings: { disk: { minFreeMib: RESERVE_MIB } } });
    await net.untilHeight(2);
    const victim = net.at(3);
    await victim.stop();
    const aside = `${victim.dataDir}.aside`;
    await rename(victim.dataDir, aside);
    await mkdir(victim.dataDir);
    await run("mount", ["-t", "tmpfs", "-o", `size=${DISK_MIB}m`, "poml-test", victim.dataDir]);
    mounted = victim.dataDir;
    await cp(aside, victim.dataDir, { recursive: true });
    await victim.start();
    await net.untilBlocks(2);
  });
  after(async () => {
    await net?.local.stopAll();
    if (mounted !== undefined) await run("umount", [mounted]);
    await net?.stop();
  });

  it("stops voting, answers, and resumes by itself", async function () {
    await net.guarded(async () => {
      const [witness, victim] = [net.at(0), net.at(3)];
      const ballast = join(victim.dataDir, "ballast");
      await fill(ballast);
      const isFull = async (): Promise<boolean> =>
        (await metricsOf(victim)).value("poml_disk_full") === 1;
      await until(isFull, PATIENCE_MS, "notice of the full disk");
      expect(await answerOf(victim, "/readyz")).equal(503);
      const [stoppedAt = 0] = await net.expectStandstill([victim]);
      expect(await heightOf(witness), "the others").greaterThan(stoppedAt);
      expect(await answerOf(victim, `/v1/blocks/${stoppedAt}`), "reads").equal(200);

      const begin = performance.now();
      await rm(ballast);
      const head = await heightOf(witness);
      await until(async () => (await heightOf(victim)) > head, PATIENCE_MS, "the node to resume");
      const resumedMs = performance.now() - begin;
      expect(await answerOf(victim, "/readyz")).equal(200);

      await victim.stop();
      await fill(ballast);
      const refusal = await endedStart(victim);
      expect(refusal.code).equal("DISK_FULL");
      expect(refusal.remedy).contain("free some space");
      await rm(ballast);
      await victim.start();
      await net.untilBlocks(2);
      measured(this, {
        stoppedAt,
        missedMeanwhile: head - stoppedAt,
        resumedMs,
        exit: refusal.exit,
      });
      await net.expectNoFork();
      await net.expectNoAccusations();
    });
  });
});

/** Takes all but a third of the reserve. */
async function fill(path: string): Promise<void> {
  const chunk = new Uint8Array(1024 * 1024);
  const { stdout } = await run("df", ["--output=avail", "-m", join(path, "..")]);
  const free = Number(stdout.trim().split("\n").at(-1));
  const size = Math.max(0, free - Math.floor(RESERVE_MIB / 3));
  await writeFile(
    path,
    Array.from({ length: size }, () => chunk),
  );
}

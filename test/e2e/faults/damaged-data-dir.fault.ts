/**
 * The files of a stopped node beside its database (that one is in damaged-files.fault.ts), each in turn with one bit
 * flipped, or deleted. The node then either refuses to start, with a code and a remedy, or serves: then it follows the
 * chain, and every block it shows is the one the others have. A wrong answer is never given.
 */
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { expect } from "chai";
import { ApiError } from "../../../node/api/api-error.ts";
import type { LocalNode } from "../../helpers/local-network.ts";
import { until } from "../../helpers/until.ts";
import { Random } from "../../sim/random.ts";
import { FaultNetwork, PATIENCE_MS } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";
import { heightOf } from "./harness/probe.ts";
import { tryStart } from "./harness/refused-start.ts";
import { TransferTrickle } from "./harness/trickle.ts";

const SEED = Number(process.env.POML_FAULT_SEED ?? 1);
const HISTORY = 20;
/** config.json is the owner's word: with another port in it, or none, the node is a sound node somewhere else. */
const LEFT_OUT = /^db\/|(^|\/)(endpoints\.json|config\.json)$/;

const DAMAGES = {
  flip: async (path: string, random: Random): Promise<void> => {
    const bytes = new Uint8Array(await readFile(path));
    const at = random.between(0, Math.max(0, bytes.length - 1));
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.between(0, 7));
    await writeFile(path, bytes);
  },
  delete: (path: string): Promise<void> => rm(path),
} as const;

describe("damaged data directory", function () {
  this.timeout(900_000);

  let net: FaultNetwork;
  let sound: string;
  let files: string[];
  const trickle = new TransferTrickle();

  before(async () => {
    net = await FaultNetwork.start({ accounts: trickle.accounts });
    trickle.start(net);
    await net.untilHeight(HISTORY);
    await trickle.stop();
    const victim = net.at(3);
    await victim.stop();
    sound = `${victim.dataDir}.sound`;
    await cp(victim.dataDir, sound, { recursive: true });
    files = (await filesIn(sound)).filter((path) => !LEFT_OUT.test(path));
  });
  after(() => net?.stop());

  for (const [damage, apply] of Object.entries(DAMAGES)) {
    it(`${damage} in each file: refused with a remedy, or served right`, async function () {
      await net.guarded(async () => {
        const random = new Random(SEED);
        const victim = net.at(3);
        const outcomes: string[] = [];
        for (const file of files) {
          await restore(sound, victim);
          await apply(join(victim.dataDir, file), random);
          const outcome = await outcomeOf(net, victim, file);
          outcomes.push(`${file}: ${outcome}`);
          await victim.stop();
        }
        measured(this, { files: files.length, seed: SEED, outcomes: outcomes.join("; ") });
      });
    });
  }

  it("heals by the remedy it names", async () => {
    await net.guarded(async () => {
      const victim = net.at(3);
      await restore(sound, victim);
      await victim.start("--resync");
      await net.untilBlocks(2);
      await net.expectNoFork();
      await net.expectNoAccusations();
    });
  });
});

async function outcomeOf(net: FaultNetwork, victim: LocalNode, file: string): Promise<string> {
  const refusal = await tryStart(victim);
  if (refusal !== undefined) {
    expect(refusal.code, `code of the refusal (${file}, ${refusal.exit})`).not.equal("");
    expect(refusal.remedy, `remedy (${file}, ${refusal.code})`).not.equal("");
    return refusal.code;
  }
  const head = Math.max(...(await net.heads([net.at(0)])));
  await until(
    async () => (await heightOf(victim)) > head,
    PATIENCE_MS,
    `${file}: the node to follow`,
  );
  let damaged = 0;
  for (let height = 1; height <= head; height++) {
    const right = await net.at(0).client.block(height);
    try {
      // Certificates may differ: each node keeps the precommits it saw first.
      const { certificate: _, sizeBytes: __, ...shown } = await victim.client.block(height);
      expect(right, `block ${height} (${file})`).deep.include(shown);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      expect(error.facts.code, `block ${height} (${file})`).equal("BLOCK_DAMAGED");
      damaged++;
    }
  }
  return damaged === 0 ? "served" : `served, ${damaged} blocks damaged`;
}

async function restore(sound: string, { dataDir }: LocalNode): Promise<void> {
  await rm(dataDir, { recursive: true, force: true });
  await cp(sound, dataDir, { recursive: true });
}

async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .toSorted();
}

/**
 * Every file of a database deleted, cut short and with bits flipped, one damage at a time: the node must notice
 * and refuse with a remedy, or mend it, or not be touched by it. It may miss blocks; it never gives a wrong answer.
 * What refuses to start must be made good by `poml repair`, or name the remedy that does.
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { toHex } from "../../../chain/crypto/hash.ts";
import { transactionId } from "../../../chain/transaction-id.ts";
import type { Answers } from "../../helpers/read-everything.ts";
import { StoredChain } from "../../helpers/stored-chain.ts";
import { Random } from "../../sim/random.ts";
import { measured } from "./harness/measured.ts";

const HEIGHT = 80;
const FLIPS = Number(process.env.POML_FAULT_FLIPS ?? 12);
const READER = fileURLToPath(new URL("../../helpers/read-everything.ts", import.meta.url));
const run = promisify(execFile);

type Outcome = "untouched" | "shortened" | "mended" | "refused" | "repaired" | "unreadable";

describe("damage to the files of a database", function () {
  this.timeout(1_800_000);
  let root: string;
  let stored: StoredChain;
  let hashes: string[];
  let ids: string[];
  const outcomes = new Map<Outcome, number>();

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "poml-damage-"));
    stored = await StoredChain.create(join(root, "good"), HEIGHT);
    // Opened again, so that there are tables beside the log, and a little more for a new log.
    await stored.with(async ({ store }) => store.putOwn("x", new Uint8Array(10)));
    stored.source.advance([stored.source.transfer(5n)]);
    await stored.fill();
    hashes = stored.source.blocks.map(({ certificate }) => toHex(certificate.blockHash));
    ids = stored.source.blocks.flatMap(({ block }) =>
      block.body.transactions.map(({ transaction }) => toHex(transactionId(transaction))),
    );
  });
  after(() => rm(root, { recursive: true, force: true }));

  it("never leads to a wrong answer", async function () {
    const random = new Random(Number(process.env.POML_FAULT_SEED ?? 1));
    const folder = join(stored.dataDir, "db");
    const files = (await readdir(folder)).filter((name) => !/^LOCK$|^LOG/.test(name));
    for (const name of [...files.map((file) => join("db", file)), "db.format"]) {
      const { length } = await readFile(join(stored.dataDir, name));
      await damaged(`delete ${name}`, (dataDir) => rm(join(dataDir, name)));
      for (const cut of new Set([1, length >> 1, length])) {
        await damaged(`cut ${cut} bytes off ${name}`, (dataDir) =>
          rewrite(join(dataDir, name), (bytes) => bytes.subarray(0, length - cut)),
        );
      }
      const flips = length < 64 ? 2 : FLIPS;
      for (let i = 0; i < flips; i++) {
        const at = random.between(0, length - 1);
        const bit = 1 << random.between(0, 7);
        await damaged(`flip bit ${bit} of byte ${at} of ${name}`, (dataDir) =>
          rewrite(join(dataDir, name), (bytes) => {
            bytes[at] = (bytes[at] ?? 0) ^ bit;
            return bytes;
          }),
        );
      }
    }
    measured(this, Object.fromEntries(outcomes));
  });

  async function damaged(what: string, damage: (dataDir: string) => Promise<void>): Promise<void> {
    const dataDir = join(root, "bad");
    await rm(dataDir, { recursive: true, force: true });
    await cp(stored.dataDir, dataDir, { recursive: true });
    await damage(dataDir);
    const outcome = await outcomeOf(what, dataDir);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }

  async function outcomeOf(what: string, dataDir: string): Promise<Outcome> {
    const first = await read(dataDir);
    // Died inside LevelDB: the next start must say so.
    const answers = first ?? (await read(dataDir));
    expect(answers, `${what}: the second start`).not.equal(undefined);
    if (answers === undefined) return "unreadable";
    if (answers.refused === undefined) return expectHonest(what, answers);
    const { code, remedy } = answers.refused;
    expect(remedy, `${what}: remedy of ${code}`).match(/poml repair|--resync/);
    if (code === "UNREADABLE_STORE") return "unreadable";
    const repaired = await read(dataDir, "repair");
    expect(repaired, `${what}: repair`).not.equal(undefined);
    if (repaired?.refused !== undefined) {
      expect(repaired.refused.remedy, `${what}: repair`).contain("--resync");
      return "refused";
    }
    if (repaired !== undefined) expectHonest(what, repaired);
    return "repaired";
  }

  function expectHonest(what: string, answers: Partial<Answers>): Outcome {
    const { height = -1, blocks = [], transactions = [], stateRoot, damaged = [] } = answers;
    expect(height, what).within(0, hashes.length);
    const root = stored.source.blocks[height - 1]?.block.header.stateRoot;
    if (root !== undefined) expect(stateRoot, `${what}: state`).equal(toHex(root));
    blocks.forEach((hash, i) => {
      expect(hash, `${what}: block ${i + 1}`).oneOf([hashes[i], "BLOCK_DAMAGED"]);
    });
    // Block 1 is empty, every other one has one transaction.
    transactions.forEach((at, i) => {
      const isKnown = i + 2 <= height && !damaged.includes(i + 2);
      if (isKnown)
        expect(at, `${what}: transaction of block ${i + 2}`).oneOf([i + 2, "DAMAGED_STORE"]);
    });
    if (height < hashes.length) return "shortened";
    return damaged.length > 0 ? "mended" : "untouched";
  }

  /** Undefined when the process died. */
  async function read(dataDir: string, ...more: string[]): Promise<Partial<Answers> | undefined> {
    try {
      const { stdout } = await run(process.execPath, [READER, dataDir, ids.join(","), ...more]);
      return JSON.parse(stdout);
    } catch (error) {
      if (error instanceof Error && "signal" in error && error.signal === "SIGABRT") {
        return undefined;
      }
      throw error;
    }
  }
});

async function rewrite(path: string, change: (bytes: Buffer) => Uint8Array): Promise<void> {
  await writeFile(path, change(await readFile(path)));
}

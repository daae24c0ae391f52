/** Claims read on a real worker process. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { sha256 } from "../../../../../chain/crypto/hash.ts";
import { MAX_CLAIM_UNITS } from "../../../../../chain/workload/search/check.ts";
import {
  type ClaimedUnit,
  encodeClaims,
  MAX_CLAIM_RUNS,
} from "../../../../../chain/workload/search/claims-file.ts";
import { unitShare } from "../../../../../chain/workload/search/statistics.ts";
import { unitAt } from "../../../../../chain/workload/search/units.ts";
import { ENGINE_HASH } from "../../../../../ml/exact/engine-hash.ts";
import type { SearchTask } from "../../../../../ml/search/search-task.ts";
import { shippedModule } from "../../../../../ml/search/shipped-algorithms.ts";
import { systemClock } from "../../../../../node/clock.ts";
import { type BlobSource, inMemory } from "../../../../../node/workers/blob-source.ts";
import type { WeighedClaims } from "../../../../../node/workers/kinds/claims/task.ts";
import { WorkerPool } from "../../../../../node/workers/pool.ts";
import { SILENT } from "../../../../../p2p/log.ts";
import { expectCodeAsync } from "../../../../helpers/expect-code.ts";
import { referenceDigest } from "../../../../helpers/search-referee.ts";

const MESSAGE: SearchTask = {
  prefix: new TextEncoder().encode("block "),
  suffix: new Uint8Array(0),
  nonceBytes: 8,
  endian: "big",
  target: new Uint8Array(32),
};
const CUT = { from: 1_000n, to: 1_000n + 64n * 200_000n, unitBits: 6 };
const JOB = sha256(Uint8Array.of(1));
const NODE = 7;

describe("claims of a search, on workers", function () {
  this.timeout(60_000);
  let pool: WorkerPool;
  let algorithm: BlobSource;

  before(async () => {
    algorithm = inMemory(await shippedModule("sha256d"));
    const entry = fileURLToPath(new URL("../search/strict-worker.ts", import.meta.url));
    const spawn = (): ChildProcess =>
      fork(entry, [], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    pool = new WorkerPool(
      { localWorkers: 1, engineHash: ENGINE_HASH },
      { log: SILENT, clock: systemClock, spawn },
    );
    await pool.start();
  });
  after(() => pool.stop());

  /** A nonce of each unit, which need not be that of its smallest digest. */
  const claimed = (units: readonly number[]): ClaimedUnit[] =>
    units.map((unit) => ({ unit: BigInt(unit), minNonce: unitAt(CUT, BigInt(unit)).from + 5n }));

  function read(
    units: readonly ClaimedUnit[],
    {
      finds = [] as bigint[],
      expected = units.length,
      signal = undefined as AbortSignal | undefined,
    },
  ): Promise<WeighedClaims | undefined> {
    const bytes = encodeClaims({ job: JOB, round: 2, node: NODE, units: [...units], finds });
    return pool.claims(
      {
        algorithm,
        ...MESSAGE,
        file: inMemory(bytes),
        place: { job: JOB, round: 2, node: NODE, units: expected },
        unitBits: CUT.unitBits,
        jobFrom: CUT.from,
        jobTo: CUT.to,
      },
      { deadlineMs: 50_000, ...(signal && { signal }) },
    );
  }

  it("give their units, the digests of their finds, and the sum of their smallest digests", async () => {
    const units = claimed([0, 1, 2, 9, 11, 12]);
    const finds = [1_003n, 2_000n];
    const weighed = (await read(units, { finds })) ?? expect.fail("refused");
    expect(weighed.runs).deep.equal([
      { from: 0, to: 3 },
      { from: 9, to: 10 },
      { from: 11, to: 13 },
    ]);
    expect(weighed.finds).deep.equal(
      finds.map((nonce) => ({ nonce, digest: referenceDigest("sha256d", MESSAGE, nonce) })),
    );
    const share = units.reduce(
      (sum, { minNonce }) => sum + unitShare(64n, referenceDigest("sha256d", MESSAGE, minNonce)),
      0n,
    );
    expect(weighed.share).equal(share);
  });

  it("may be empty except for finds, and as large as possible", async () => {
    expect(await read([], {})).deep.equal({ runs: [], finds: [], share: 0n });
    const only = await read([], { finds: [1_003n] });
    expect(only?.finds.map(({ nonce }) => nonce)).deep.equal([1_003n]);
    const all = Array.from({ length: MAX_CLAIM_UNITS }, (_, i) => i);
    const weighed = (await read(claimed(all), {})) ?? expect.fail("refused");
    expect(weighed.runs).deep.equal([{ from: 0, to: MAX_CLAIM_UNITS }]);
    const mean = Number(weighed.share / BigInt(MAX_CLAIM_UNITS)) / 2 ** 32;
    expect(mean, "of single nonces of units of 64").within(30, 34);
  });

  it("are refused if no honest node commits to them", async () => {
    const [first, second] = claimed([3, 4]);
    if (first === undefined || second === undefined) throw new Error("no units");
    const every = (count: number): number[] => Array.from({ length: count }, (_, i) => 2 * i);
    expect(await read([second, first], {}), "out of order").equal(undefined);
    expect(await read([first, first], {}), "twice").equal(undefined);
    expect(await read([first], { expected: 2 }), "fewer than committed to").equal(undefined);
    expect(await read([{ ...first, minNonce: 5n }], {}), "a nonce elsewhere").equal(undefined);
    expect(await read([{ ...first, unit: 200_000n }], {}), "no such unit").equal(undefined);
    expect(await read([first], { finds: [1n] }), "a find elsewhere").equal(undefined);
    expect(await read(claimed(every(MAX_CLAIM_RUNS + 1)), {}), "too many pieces").equal(undefined);
    expect((await read(claimed(every(MAX_CLAIM_RUNS)), {}))?.runs).length(MAX_CLAIM_RUNS);
  });

  it("are given up when the signal says so, and the worker takes the next", async () => {
    const over = new AbortController();
    const all = Array.from({ length: MAX_CLAIM_UNITS }, (_, i) => i);
    const reading = read(claimed(all), { signal: over.signal });
    over.abort(new Error("the round is over"));
    const reason = await reading.then(
      () => expect.fail("it went on"),
      (error: unknown) => error,
    );
    expect(String(reason)).include("the round is over");
    expect((await read(claimed([1]), {}))?.runs).deep.equal([{ from: 1, to: 2 }]);
  });

  it("are refused as a task where they have more units than a claim can", async () => {
    await expectCodeAsync(() => read([], { expected: MAX_CLAIM_UNITS + 1 }), "BAD_TASK");
  });
});

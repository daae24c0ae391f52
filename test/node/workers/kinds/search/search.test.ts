/** Searches on real worker processes. */
import { type ChildProcess, fork } from "node:child_process";
import { readdir } from "node:fs/promises";
import { getPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { unitAt } from "../../../../../chain/workload/search/units.ts";
import { ENGINE_HASH } from "../../../../../ml/exact/engine-hash.ts";
import { Algorithm, type Find } from "../../../../../ml/search/algorithm.ts";
import type { SearchTask } from "../../../../../ml/search/search-task.ts";
import { searchUnits, type UnitResult } from "../../../../../ml/search/search-units.ts";
import { shippedModule } from "../../../../../ml/search/shipped-algorithms.ts";
import { systemClock } from "../../../../../node/clock.ts";
import { type BlobSource, inMemory } from "../../../../../node/workers/blob-source.ts";
import type { SearchUnitsTask } from "../../../../../node/workers/kinds/search/task.ts";
import { WorkerPool } from "../../../../../node/workers/pool.ts";
import { TURN_MS, TurnUse } from "../../../../../node/workers/turn-use.ts";
import { SILENT } from "../../../../../p2p/log.ts";
import { expectCodeAsync } from "../../../../helpers/expect-code.ts";
import { expectedStretch, referenceDigest } from "../../../../helpers/search-referee.ts";
import { FaultyToys, type ToyFault } from "../../../../helpers/toy-algorithm.ts";
import { until } from "../../../../helpers/until.ts";
import { list, OP, section, text, wasmModule } from "../../../../helpers/wasm-module.ts";

const DEADLINE = { deadlineMs: 50_000 };
const MESSAGE: SearchTask = {
  prefix: new TextEncoder().encode("block "),
  suffix: new TextEncoder().encode("."),
  nonceBytes: 8,
  endian: "big",
  target: new Uint8Array(32),
};
/** About one nonce in 4096 is a find. */
const EASY = Uint8Array.of(0x00, 0x0f, ...new Uint8Array(30).fill(0xff));
const CUT = { from: 1_000n, to: 1_000n + 2n ** 50n, unitBits: 14 };
/** More units than anyone can do in the time. */
const MANY = 60_000n;
/** Units of one part of a claim. */
const PART = 40n;

describe("searches on workers", function () {
  this.timeout(60_000);
  let pool: WorkerPool;
  let algorithm: BlobSource;
  let toys: FaultyToys;

  before(async () => {
    algorithm = inMemory(await shippedModule("sha256d"));
    toys = await FaultyToys.compile();
    const entry = fileURLToPath(new URL("./strict-worker.ts", import.meta.url));
    const spawn = (): ChildProcess =>
      fork(entry, [], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    pool = new WorkerPool(
      {
        localWorkers: 1,
        engineHash: ENGINE_HASH,
        linkTimings: { heartbeatMs: 200 },
        restartTimings: { pauseMs: 20 },
      },
      { log: SILENT, clock: systemClock, spawn },
    );
    await pool.start();
  });
  after(() => pool.stop());

  function taskOf(
    from: bigint,
    to: bigint,
    changes: Partial<SearchUnitsTask> = {},
  ): SearchUnitsTask {
    const { from: jobFrom, to: jobTo, unitBits } = CUT;
    return { algorithm, ...MESSAGE, unitBits, jobFrom, jobTo, from, to, ...changes };
  }

  const idle = (): boolean => pool.status().every(({ state }) => state === "idle");
  const referee = (from: bigint, to: bigint, target = MESSAGE.target) => {
    const nonces = unitAt(CUT, from).from;
    const count = Number(unitAt(CUT, to - 1n).to - nonces);
    return expectedStretch("sha256d", { ...MESSAGE, target }, nonces, count);
  };

  it("run with the lowest priority, while the thread that listens to the node has a higher one", async () => {
    const end = new AbortController();
    const found = new AbortController();
    const searching = pool.search(taskOf(0n, MANY, { target: EASY }), {
      ...DEADLINE,
      end: end.signal,
      onFind: () => found.abort(),
    });
    const pid = pool.pid("local-1") ?? 0;
    await until(() => found.signal.aborted, 30_000, "find");
    if (process.platform === "linux") {
      const threads = await readdir(`/proc/${pid}/task`);
      const priorities = threads.map((thread) => getPriority(Number(thread)));
      expect(priorities.toSorted((a, b) => b - a)[0]).equal(19);
      expect(getPriority(pid)).equal(Math.max(10, getPriority()));
    } else expect(getPriority(pid)).equal(19);
    end.abort();
    await searching;
  });

  it("give the units and finds of a plain loop, reported as they come", async () => {
    const told: UnitResult[] = [];
    const finds: Find[] = [];
    const steps: number[] = [];
    const result = await pool.search(taskOf(2n, 5n, { target: EASY }), {
      ...DEADLINE,
      onUnits: (units) => told.push(...units),
      onFind: (find) => finds.push(find),
      onProgress: ({ step, steps: all }) => steps.push(step, all),
    });
    const whole = referee(2n, 5n, EASY);
    expect(result.hashes).equal(3 * 2 ** 14);
    expect(result.units.map(({ unit }) => unit)).deep.equal([2n, 3n, 4n]);
    expect(result.finds).deep.equal(whole.finds);
    expect(told).deep.equal(result.units);
    expect(finds).deep.equal(whole.finds);
    expect(steps.slice(-2)).deep.equal([3 * 2 ** 14, 3 * 2 ** 14]);
    const { unit, ...third } = result.units[1] ?? expect.fail("no second unit");
    const { min, running } = referee(unit, unit + 1n);
    expect(third).deep.equal({ minNonce: min.nonce, minDigest: min.digest, running });
  });

  it("end when told, with the whole units done, and the worker takes the next task", async () => {
    const end = new AbortController();
    const told: UnitResult[] = [];
    const pid = pool.pid("local-1");
    const result = await pool.search(taskOf(0n, MANY), {
      ...DEADLINE,
      end: end.signal,
      onUnits: (units) => {
        told.push(...units);
        end.abort();
      },
    });
    expect(result.units.length).within(1, Number(MANY) - 1);
    expect(told).deep.equal(result.units);
    expect(result.hashes).within(
      result.units.length * 2 ** 14,
      (result.units.length + 1) * 2 ** 14,
    );
    const again = await pool.search(taskOf(0n, 1n), DEADLINE);
    expect(again.units).deep.equal(result.units.slice(0, 1));
    expect(pool.pid("local-1")).equal(pid);
  });

  it("end without a worker with nothing, and keep their deadline", async () => {
    const running = expectCodeAsync(
      () => pool.search(taskOf(0n, MANY), { deadlineMs: 700 }),
      "DEADLINE",
    );
    const end = AbortSignal.timeout(50);
    const waited = await pool.search(taskOf(7n, 9n), { ...DEADLINE, end });
    expect(waited).deep.equal({ units: [], finds: [], hashes: 0 });
    await running;
    await until(idle, 5_000, "idle worker");
  });

  it("continue where a killed worker stopped: reported units count, and none is reported twice", async () => {
    await until(idle, 20_000, "idle worker");
    const told: bigint[] = [];
    const pid = pool.pid("local-1") ?? 0;
    const end = new AbortController();
    let before = 0;
    const result = await pool.search(taskOf(0n, MANY), {
      ...DEADLINE,
      end: end.signal,
      onUnits: (units) => {
        told.push(...units.map(({ unit }) => unit));
        if (pool.pid("local-1") !== pid) end.abort();
        else if (before === 0) {
          before = told.length;
          process.kill(pid, "SIGKILL");
        }
      },
    });
    expect(told.length).above(before).and.equal(result.units.length);
    expect(told).deep.equal(told.map((_, index) => BigInt(index)));
    const at = BigInt(before);
    expect(result.units[before]).deep.equal(
      (await pool.search(taskOf(at, at + 1n), DEADLINE)).units[0],
    );
  });

  it("give their worker to an urgent task, and go on behind it", async () => {
    const end = new AbortController();
    const units: bigint[] = [];
    let replayed: readonly UnitResult[] | undefined;
    let after = 0;
    const result = await pool.search(taskOf(0n, MANY), {
      ...DEADLINE,
      end: end.signal,
      onUnits: (some) => {
        if (units.length === 0) {
          void pool.searchReplay(taskOf(0n, 2n), DEADLINE).then((found) => {
            replayed = found;
            after = units.length;
          });
        }
        units.push(...some.map(({ unit }) => unit));
        if (replayed !== undefined && units.length > after) end.abort();
      },
    });
    expect(replayed).deep.equal(result.units.slice(0, 2));
    expect(units).deep.equal(units.map((_, index) => BigInt(index)));
  });

  it("take turns with a long replay on the only worker, and each gets about half", async () => {
    await until(idle, 20_000, "idle worker");
    const over = new AbortController();
    let searched = 0;
    let isReplayed = false;
    const search = pool.search(taskOf(0n, MANY), {
      ...DEADLINE,
      end: over.signal,
      onUnits: (some) => {
        if (!isReplayed) searched += some.length;
      },
    });
    const turnUse = new TurnUse();
    const replayed: UnitResult[] = [];
    // Parts of a claim, until the replay has had some turns.
    const begin = performance.now();
    for (let at = 0n; performance.now() - begin < 6 * TURN_MS; at += PART) {
      const part = await pool.searchReplay(taskOf(at, at + PART), { ...DEADLINE, turnUse });
      replayed.push(...part);
    }
    isReplayed = true;
    over.abort();
    const result = await search;
    expect(replayed.map(({ unit }) => unit)).deep.equal(replayed.map((_, at) => BigInt(at)));
    const both = Math.min(replayed.length, result.units.length);
    expect(replayed.slice(0, both)).deep.equal(result.units.slice(0, both));
    expect(searched / (searched + replayed.length)).within(0.2, 0.8);
  });

  it("hash single nonces for nodes that check claims", async () => {
    const nonces = [5n, 0n, 2n ** 64n - 1n];
    const digests = await pool.digests({ algorithm, ...MESSAGE, nonces }, DEADLINE);
    expect(digests).deep.equal(nonces.map((nonce) => referenceDigest("sha256d", MESSAGE, nonce)));
    for (const nonce of [-1n, 2n ** 64n]) {
      const task = { algorithm, ...MESSAGE, nonces: [nonce] };
      await expectCodeAsync(() => pool.digests(task, DEADLINE), "BAD_TASK");
    }
  });

  it("are refused when no worker could do them, with the field", async () => {
    const wrong: [Partial<SearchUnitsTask>, string][] = [
      [{ prefix: new Uint8Array(257) }, "prefix"],
      [{ target: new Uint8Array(31) }, "target"],
      [{ unitBits: 5 }, "unitBits"],
      [{ unitBits: 33 }, "unitBits"],
      [{ nonceBytes: 4 }, "jobTo"],
      [{ jobTo: CUT.from }, "jobTo"],
      [{ from: 3n, to: 3n }, "to"],
      [{ to: 2n ** 36n + 1n }, "to"],
      [{ from: 0n, to: 65_537n }, "to"],
    ];
    for (const [changes, field] of wrong) {
      const { facts } = await expectCodeAsync(
        () =>
          pool.search(taskOf(0n, 1n, changes), { ...DEADLINE, end: AbortSignal.timeout(9_000) }),
        "BAD_TASK",
      );
      expect(facts).deep.include({ field });
    }
  });

  describe("with a module that", () => {
    const FAR = 0x5000_0000n;
    /** Its fault is in the second unit. */
    const far = (module: Uint8Array): SearchUnitsTask => ({
      algorithm: inMemory(module),
      ...MESSAGE,
      unitBits: 8,
      jobFrom: FAR,
      jobTo: FAR + 1024n,
      from: 0n,
      to: 4n,
    });
    const faults: readonly [ToyFault, string][] = [
      ["never ends", "ALGORITHM_ENDLESS"],
      ["traps in search", "ALGORITHM_TRAPPED"],
      ["skips nonces", "ALGORITHM_RESULT"],
      ["never ends far out", "ALGORITHM_ENDLESS"],
      ["traps far out", "ALGORITHM_TRAPPED"],
    ];
    for (const [fault, reason] of faults) {
      it(`${fault}: the task fails with ${reason}, and the worker lives`, async () => {
        await until(idle, 20_000, "idle worker");
        const pid = pool.pid("local-1");
        const units: UnitResult[] = [];
        const { facts } = await expectCodeAsync(
          () =>
            pool.search(far(toys.with(fault)), {
              ...DEADLINE,
              onUnits: (some) => units.push(...some),
            }),
          "TASK_FAILED",
        );
        expect(facts).deep.include({ kind: "search", reason });
        await pool.search(taskOf(0n, 1n), DEADLINE);
        expect(pool.pid("local-1")).equal(pid);
      });
    }

    it("is none, imports or grows: the task fails with the reason", async () => {
      const imported = Uint8Array.from([
        ...wasmModule().subarray(0, 8),
        ...section(1, list([[0x60, ...list([]), ...list([])]])),
        ...section(2, list([[...text("env"), ...text("abort"), 0, 0]])),
      ]);
      const growing = [0x41, 1, 0x40, 0, 0x1a, ...OP.zero];
      const modules: [Uint8Array, string][] = [
        [new Uint8Array(40), "ALGORITHM_MALFORMED"],
        [new Uint8Array(300_000), "ALGORITHM_TOO_LARGE"],
        [imported, "ALGORITHM_IMPORTS"],
        [wasmModule({ functions: { search: growing } }), "ALGORITHM_INSTRUCTION"],
      ];
      for (const [module, reason] of modules) {
        const { facts } = await expectCodeAsync(
          () => pool.search(far(module), DEADLINE),
          "TASK_FAILED",
        );
        expect(facts).deep.include({ reason });
      }
    });

    it("never ends: the search still ends when told, with the units before it", async () => {
      const end = new AbortController();
      const running = pool.search(far(toys.with("never ends far out")), {
        ...DEADLINE,
        end: end.signal,
        onProgress: ({ step }) => {
          if (step > 0) end.abort();
        },
      });
      expect((await running).units.length).below(4);
      await pool.search(taskOf(0n, 1n), DEADLINE);
    });

    it("is the reader's own: it gives what it gives in this process", async () => {
      const own = await Algorithm.open(toys.with());
      const task = far(toys.with());
      const cut = { from: FAR, to: FAR + 1024n, unitBits: 8 };
      const units = [...searchUnits(own.start(MESSAGE), { cut, from: 0n, to: 4n })];
      const result = await pool.search(task, DEADLINE);
      expect(result.units).deep.equal(units.flatMap(({ ended }) => ended ?? []));
    });
  });
});

/** A run is kept as a whole, as what it is committed to, or not at all. */
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { encodeCheckpoint, stateHash } from "../../../ml/training/checkpoint.ts";
import { type Disk, systemDisk } from "../../../node/disk.ts";
import { CheckpointKeeper, type RunWriter, runName } from "../../../node/jobs/checkpoint-keeper.ts";
import { checkOwnRun } from "../../../node/jobs/train/check-own-run.ts";
import { digestOf, storedStateHash } from "../../../node/jobs/train/stored-state-hash.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { TemporaryFolders } from "../../helpers/temporary.ts";
import { unreliableDisks } from "../../helpers/unreliable-disks.ts";

const JOB = sha256(Uint8Array.of(1));
const SEGMENTS = 4;
const stateAt = (index: number, salt = 0) => ({
  parameters: Float32Array.from({ length: 5 }, (_, i) => index + i / 8 + salt),
  optimizerState: new Float32Array(5).fill(index),
});
const HASHES = Array.from({ length: SEGMENTS + 1 }, (_, index) => stateHash(stateAt(index)));

function put(run: RunWriter, indexes: readonly number[], salt = 0): void {
  for (const index of indexes) run.put(index, encodeCheckpoint(stateAt(index, salt)));
}

const failureOf = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("CheckpointKeeper", () => {
  const folders = new TemporaryFolders();
  let dataDir: string;
  let keeper: CheckpointKeeper;

  beforeEach(async () => {
    dataDir = await folders.create();
    keeper = new CheckpointKeeper({ dataDir }, { stateHash: storedStateHash });
  });
  afterEach(() => folders.removeAll());

  it("keeps a whole run, and over a restart", async () => {
    const run = await keeper.begin(JOB, 1);
    put(run, [1, 2, 3, 4]);
    await run.finish(HASHES);
    const again = new CheckpointKeeper({ dataDir }, { stateHash: storedStateHash });
    expect(await again.hashes(JOB, 1)).to.deep.equal(HASHES);
    const bytes = encodeCheckpoint(stateAt(2));
    expect(await again.offer(JOB, 1, 2)).to.deep.equal(sha256(bytes));
    expect(await again.serve(sha256(bytes))).to.deep.equal(bytes);
  });

  it("keeps a whole run over a loss of power: its auditors come after the commit", async () => {
    for (const { disk, power } of unreliableDisks()) {
      const run = await new CheckpointKeeper(
        { dataDir },
        { disk, stateHash: storedStateHash },
      ).begin(JOB, 1);
      put(run, [1, 2, 3, 4]);
      await run.finish(HASHES);
      power.losePower();
      const again = new CheckpointKeeper({ dataDir }, { disk, stateHash: storedStateHash });
      expect(await again.hashes(JOB, 1)).to.deep.equal(HASHES);
      for (const index of [1, 2, 3]) {
        expect(await again.offer(JOB, 1, index)).to.deep.equal(
          sha256(encodeCheckpoint(stateAt(index))),
        );
      }
    }
  });

  it("keeps no run with a state that is missing, stale or of another run", async () => {
    for (const fill of [
      (run: RunWriter) => put(run, [1, 3, 4]),
      (run: RunWriter) => put(run, [1, 2, 3, 4], 1),
      (run: RunWriter) => {
        put(run, [1, 2, 3, 4]);
        put(run, [3], 1);
      },
      (run: RunWriter) => {
        put(run, [1, 2, 4]);
        run.put(3, Uint8Array.of(1, 2, 3));
      },
    ]) {
      const run = await keeper.begin(JOB, 1);
      fill(run);
      expect(await failureOf(run.finish(HASHES))).to.be.instanceOf(Error);
      await run.discard();
      expect(await keeper.hashes(JOB, 1)).to.equal(undefined);
    }
    expect(await readdir(join(dataDir, "checkpoints"))).to.deep.equal([]);
  });

  it("keeps no run that could not be written to the disk", async () => {
    const run = await keeper.begin(JOB, 1);
    const [part = ""] = await readdir(join(dataDir, "checkpoints"));
    await mkdir(join(dataDir, "checkpoints", part, "2.state"));
    put(run, [1, 2, 3, 4]);
    expect(await failureOf(run.finish(HASHES))).to.be.instanceOf(Error);
    expect(await keeper.hashes(JOB, 1)).to.equal(undefined);
  });

  it("never mixes two attempts at one run", async () => {
    const [first, second] = [await keeper.begin(JOB, 1), await keeper.begin(JOB, 1)];
    put(first, [1, 2], 1);
    put(second, [1, 2, 3, 4]);
    put(first, [3, 4], 1);
    await second.finish(HASHES);
    await failureOf(first.finish(HASHES));
    await first.discard();
    expect(await keeper.offer(JOB, 1, 3)).to.deep.equal(sha256(encodeCheckpoint(stateAt(3))));
  });

  it("keeps the committed run while another attempt is under way, and when it is given up", async () => {
    const run = await keeper.begin(JOB, 1);
    put(run, [1, 2, 3, 4]);
    await run.finish(HASHES);
    const attempt = await keeper.begin(JOB, 1);
    put(attempt, [1, 2], 1);
    await keeper.retain(new Set([runName(JOB, 1)]));
    await attempt.discard();
    expect(await keeper.hashes(JOB, 1)).to.deep.equal(HASHES);
  });

  it("never removes a run that may be committed to, so that no crash can take it", async () => {
    const removed: string[] = [];
    const disk: Disk = {
      ...systemDisk,
      remove: (path) => {
        removed.push(path);
        return systemDisk.remove(path);
      },
    };
    const counting = new CheckpointKeeper({ dataDir }, { disk, stateHash: storedStateHash });
    for (let attempt = 0; attempt < 2; attempt++) {
      const run = await counting.begin(JOB, 1);
      if (attempt === 1) removed.length = 0;
      put(run, [1, 2, 3, 4]);
      await run.finish(HASHES);
    }
    expect(removed).to.have.length(1);
    expect(removed).not.to.include(join(dataDir, "checkpoints", runName(JOB, 1)));
    expect(await counting.hashes(JOB, 1)).to.deep.equal(HASHES);
    expect(await readdir(join(dataDir, "checkpoints"))).to.deep.equal([runName(JOB, 1)]);
  });

  it("forgets what a crash left half done", async () => {
    put(await keeper.begin(JOB, 1), [1, 2]);
    const again = new CheckpointKeeper({ dataDir }, { stateHash: storedStateHash });
    expect(await again.hashes(JOB, 1)).to.equal(undefined);
    await again.retain(new Set([runName(JOB, 1)]));
    expect(await readdir(join(dataDir, "checkpoints"))).to.deep.equal([]);
  });
});

describe("checkOwnRun", () => {
  const end = stateAt(SEGMENTS);
  const result = {
    samples: 40,
    parameters: end.parameters,
    optimizerHash: sha256(new Uint8Array(end.optimizerState.buffer)),
    checkpoints: HASHES,
  };

  it("passes a run that ends in its last state, of the whole shard", async () => {
    await checkOwnRun(result, { samples: 40, segments: SEGMENTS }, digestOf);
  });

  it("refuses samples or segments that are not the shard's, and parameters of another state", async () => {
    const code = "OWN_RUN_DIFFERS";
    const fieldOf = async (changed: Partial<typeof result>, samples = 40) => {
      const run = { ...result, ...changed };
      const check = () => checkOwnRun(run, { samples, segments: SEGMENTS }, digestOf);
      return (await expectCodeAsync(check, code)).facts;
    };
    expect(await fieldOf({}, 20)).to.include({ field: "samples" });
    const stale = { parameters: stateAt(SEGMENTS - 1).parameters };
    expect(await fieldOf(stale)).to.include({ field: "parameters" });
    expect(await fieldOf({ optimizerHash: sha256(Uint8Array.of(9)) })).to.include({
      field: "parameters",
    });
    expect(await fieldOf({ checkpoints: [] })).to.include({ field: "segments" });
    const ends = [HASHES[0], HASHES.at(-1)].flatMap((hash) => hash ?? []);
    expect(await fieldOf({ checkpoints: ends })).to.include({ field: "segments" });
  });
});

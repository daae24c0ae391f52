import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { sha256, toHex } from "../../../../../chain/crypto/hash.ts";
import { leafDigest, merkleRoot } from "../../../../../chain/proof/hash-tree.ts";
import {
  type AggregationName,
  type AggregationSpec,
  JOB_AGGREGATIONS,
} from "../../../../../chain/types/aggregation.ts";
import { bytesOfFloats } from "../../../../../ml/bytes.ts";
import { deltaOf, encodeUpdate } from "../../../../../ml/federation/update-codec.ts";
import { type AggregationSettings, SERVER_DEFAULTS } from "../../../../../ml/job-aggregation.ts";
import { Random } from "../../../../../ml/random.ts";
import { stateHashOf } from "../../../../../ml/training/checkpoint.ts";
import type { CommittedUpdate } from "../../../../../node/jobs/train/merge/check-update-file.ts";
import { STRETCH } from "../../../../../node/jobs/train/merge/float-file.ts";
import { type MergeTask, mergeFiles } from "../../../../../node/jobs/train/merge/merge-files.ts";
import { aggregationOf, FEDAVG } from "../../../../helpers/aggregation.ts";
import { expectCodeAsync } from "../../../../helpers/expect-code.ts";
import { checkUpdates, merge, normOf } from "../../../../helpers/merge-in-memory.ts";
import { TemporaryFolders } from "../../../../helpers/temporary.ts";

/** So short a clip that the next round depends on what this one leaves. */
function settingsOf(rule: AggregationName): Partial<AggregationSettings> {
  return rule === "centred-clipping" ? { clip: 10 } : {};
}

const AGGREGATIONS: ReadonlyMap<string, AggregationSpec> = new Map([
  ...JOB_AGGREGATIONS.map((rule) => [rule, aggregationOf(rule, settingsOf(rule))] as const),
  ...JOB_AGGREGATIONS.map(
    (rule) =>
      [`${rule} in buckets`, aggregationOf(rule, { ...settingsOf(rule), bucket: 2 })] as const,
  ),
  ...Object.entries(SERVER_DEFAULTS).map(
    ([name, server]) => [`server ${name}`, aggregationOf("fedavg", {}, server)] as const,
  ),
  [
    "server sgd with momentum",
    aggregationOf("fedavg", {}, { ...SERVER_DEFAULTS.sgd, momentum: 0.9 }),
  ],
  ["centred clipping before yogi", aggregationOf("centred-clipping", {}, SERVER_DEFAULTS.yogi)],
]);
const SEED = new Uint8Array(32).fill(9);
const ROUND = 3;
/** More than one stretch, and not a whole number of them. */
const COUNT = STRETCH + 777;

describe("the merge of updates as files", () => {
  const folders = new TemporaryFolders();
  const random = new Random(new Uint8Array(32).fill(5));
  const noise = (scale: number, count = COUNT): Float32Array =>
    new Float32Array(count).map(() => (random.uniform() - 0.5) * scale);
  let folder: string;
  let files = 0;

  before(async () => {
    folder = await folders.create();
  });
  after(() => folders.removeAll());

  async function named(bytes: Uint8Array) {
    const path = join(folder, `file-${files++}`);
    await writeFile(path, bytes);
    return { path, hash: createHash("sha256").update(bytes).digest("hex") };
  }

  interface Changes {
    readonly participant?: number;
    readonly round?: number;
    readonly samples?: number;
    /** Of the checkpoints; default those of the update. */
    readonly last?: Float32Array;
  }

  async function update(
    node: number,
    parameters: Float32Array,
    changes: Changes = {},
  ): Promise<CommittedUpdate> {
    const { participant = node, round = ROUND, samples = 10 * node, last = parameters } = changes;
    const optimizerHash = sha256(Uint8Array.of(node));
    const states = [sha256(), stateHashOf(sha256(bytesOfFloats(last)), optimizerHash)];
    const digests = states.map(leafDigest);
    const bytes = encodeUpdate({ participant, round, samples, parameters, optimizerHash, digests });
    const checkpointRoot = merkleRoot(states);
    return { node, file: await named(bytes), samples, checkpointRoot, segments: 1 };
  }

  async function taskOf(
    base: Float32Array,
    updates: readonly CommittedUpdate[],
    changes: Partial<MergeTask> = {},
  ): Promise<MergeTask> {
    return {
      base: await named(bytesOfFloats(base)),
      parameterCount: base.length,
      round: ROUND,
      aggregation: FEDAVG,
      state: undefined,
      seed: SEED,
      quorum: 2,
      updates,
      output: join(folder, `output-${files++}`),
      stateOutput: join(folder, `output-${files++}`),
      ...changes,
    };
  }

  for (const [name, aggregation] of AGGREGATIONS) {
    it(`gives the bits of the merge in memory: ${name}`, async () => {
      const base = noise(2);
      const trained = [7, 3, 5, 4, 9].map((node) => ({ node, parameters: noise(2 + node / 10) }));
      const far = { node: 6, parameters: noise(1e7) };
      const all = [...trained, far];
      const updates = await Promise.all(all.map((one) => update(one.node, one.parameters)));
      const task = await taskOf(base, updates, { aggregation });
      const { after, state, kept, refused, damaged } = await mergeFiles(task);
      const inMemory = all.map(({ node, parameters }) => {
        return { participant: node, samples: 10 * node, delta: deltaOf(base, parameters) };
      });
      const verdicts = checkUpdates(inMemory, {
        maxNorm: 20 * (1 + normOf(base)),
      });
      const usable = inMemory.filter((_, i) => verdicts[i]?.refusal === undefined);
      const merged = await merge(aggregation, base, usable, { seed: SEED });
      const expected = merged.parameters;
      const found = new Uint8Array(await readFile(task.output));
      expect(kept).to.deep.equal([3, 4, 5, 7, 9]);
      expect(refused.map(({ node, check }) => [node, check])).to.deep.equal([[6, "norm"]]);
      expect(damaged).to.deep.equal([]);
      expect(Buffer.from(found).equals(bytesOfFloats(expected))).to.equal(true);
      expect(toHex(after ?? new Uint8Array())).to.equal(toHex(sha256(bytesOfFloats(expected))));
      expect(state === undefined).to.equal(merged.vectors.length === 0);
      if (state === undefined) return;
      expect(toHex(state)).to.equal(toHex(sha256(await readFile(task.stateOutput))));
      // What was kept leads to the same bits as what is still in memory.
      const keptFile = { path: task.stateOutput, hash: toHex(state) };
      const next = await taskOf(base, updates, { aggregation, state: keptFile });
      await mergeFiles(next);
      const second = await merge(aggregation, base, usable, { before: merged, seed: SEED });
      const bytes = new Uint8Array(await readFile(next.output));
      expect(Buffer.from(bytes).equals(bytesOfFloats(second.parameters))).to.equal(true);
      expect(Buffer.from(bytes).equals(found), "the state changes the step").to.equal(false);
    });
  }

  it("names a state that the disk has damaged, and refuses that of another aggregation", async () => {
    const base = noise(2);
    const near = (): Float32Array => base.map((value) => value + 0.01);
    const updates = [await update(1, near()), await update(2, near())];
    const [adam, momentum] = [
      aggregationOf("fedavg", {}, SERVER_DEFAULTS.adam),
      aggregationOf("fedavg", {}, { ...SERVER_DEFAULTS.sgd, momentum: 0.9 }),
    ];
    const first = await taskOf(base, updates, { aggregation: adam });
    const { state } = await mergeFiles(first);
    const path = first.stateOutput;
    const damaged = await taskOf(base, updates, {
      aggregation: adam,
      state: { path, hash: "00".repeat(32) },
    });
    expect(await mergeFiles(damaged)).to.deep.include({
      after: undefined,
      damaged: ["00".repeat(32)],
    });
    const hash = toHex(state ?? new Uint8Array());
    const other = await taskOf(base, updates, { aggregation: momentum, state: { path, hash } });
    await expectCodeAsync(() => mergeFiles(other), "UPDATE_FORMAT");
  });

  it("names the failed check of each refused update, and merges the others", async () => {
    const base = noise(2);
    const near = (): Float32Array => base.map((value) => value + 0.01);
    const broken = near();
    broken[STRETCH + 5] = Number.POSITIVE_INFINITY;
    const garbage = { ...(await update(14, near())), file: await named(new Uint8Array(500)) };
    const updates = [
      await update(1, near()),
      await update(2, near()),
      await update(10, broken),
      await update(11, base),
      await update(12, near(), { participant: 1 }),
      await update(13, near(), { round: ROUND - 1 }),
      garbage,
      await update(15, near(), { last: base }),
      { ...(await update(16, near())), checkpointRoot: sha256() },
      { ...(await update(17, near())), segments: 2 },
      await update(18, noise(2, COUNT - 1)),
    ];
    const { kept, refused } = await mergeFiles(await taskOf(base, updates));
    expect(kept).to.deep.equal([1, 2]);
    const checks = Object.fromEntries(refused.map(({ node, check }) => [node, check]));
    expect(checks).to.deep.equal({
      10: "not-finite",
      11: "no-change",
      12: "format",
      13: "format",
      14: "format",
      15: "format",
      16: "format",
      17: "format",
      18: "format",
    });
  });

  it("writes nothing without a quorum", async () => {
    const base = noise(2);
    const task = await taskOf(base, [await update(1, noise(2)), await update(2, base)]);
    const { after, kept } = await mergeFiles(task);
    expect(after).to.equal(undefined);
    expect(kept).to.deep.equal([1]);
    expect(await readFile(task.output).catch(() => undefined)).to.equal(undefined);
  });

  it("blames no participant for what this disk has spoiled", async () => {
    const base = noise(2);
    const [one, two] = [await update(1, noise(2)), await update(2, noise(2))];
    const bytes = await readFile(two.file.path);
    for (const at of [0, 6, 60, bytes.length - 1]) {
      const spoiled = Uint8Array.from(bytes);
      spoiled[at] = (spoiled[at] ?? 0) ^ 0xff;
      await writeFile(two.file.path, spoiled);
      const { refused, damaged, after } = await mergeFiles(await taskOf(base, [one, two]));
      expect(refused, `byte ${at}`).to.deep.equal([]);
      expect(damaged).to.deep.equal([two.file.hash]);
      expect(after).to.equal(undefined);
    }
    await writeFile(two.file.path, bytes);
    const task = await taskOf(base, [one, two]);
    await writeFile(task.base.path, new Uint8Array(4 * COUNT));
    expect((await mergeFiles(task)).damaged).to.deep.equal([task.base.hash]);
  });

  it("leaves no file behind when the merged parameters are no numbers", async () => {
    const base = new Float32Array(4).fill(3e38);
    const updates = await Promise.all(
      [1, 2].map((node) =>
        update(
          node,
          base.map(() => 3.4e38),
        ),
      ),
    );
    const task = await taskOf(base, updates);
    const { kept } = await mergeFiles(task);
    expect(kept).to.deep.equal([1, 2]);
    const up = new Float32Array(4).fill(-3e38);
    const away = await taskOf(up, await Promise.all([1, 2].map((n) => update(n, base))));
    // Their change overflows before it could be merged.
    expect((await mergeFiles(away)).refused.map(({ check }) => check)).to.deep.equal([
      "not-finite",
      "not-finite",
    ]);
  });
});

import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { sha256, toHex } from "../../../../chain/crypto/hash.ts";
import { leafDigest, merkleRoot } from "../../../../chain/proof/hash-tree.ts";
import { type Job, Job as JobType, UPDATE_CHECKS } from "../../../../chain/types/job.ts";
import { trainProgress } from "../../../../chain/workload/train/train-of.ts";
import { bytesOfFloats } from "../../../../ml/bytes.ts";
import { encodeUpdate } from "../../../../ml/federation/update-codec.ts";
import { stateHashOf } from "../../../../ml/training/checkpoint.ts";
import { BlobStore } from "../../../../node/blobs/blob-store.ts";
import { systemClock } from "../../../../node/clock.ts";
import { overLimit } from "../../../../node/helpers/helper-error.ts";
import { mergeFiles } from "../../../../node/jobs/train/merge/merge-files.ts";
import { mergeRound, type RoundModules } from "../../../../node/jobs/train/round-result.ts";
import { expectCodeAsync } from "../../../helpers/expect-code.ts";
import { jobSpec } from "../../../helpers/job-run.ts";
import { TemporaryFolders } from "../../../helpers/temporary.ts";

const FOLDERS = new TemporaryFolders();
const BASE = Float32Array.of(1, -2, 3, 0.5);
const ROWS = 8;

/** What a participant ends its training with; undefined: its update never arrives. */
type Ending = Float32Array | "garbage" | undefined;

/** Four participants that trained one step each. */
class Round {
  readonly #blobs = new Map<string, Uint8Array>();
  readonly job: Job;

  constructor(endings: readonly Ending[], { samples = ROWS }: { samples?: number } = {}) {
    const spec = jobSpec("job", {
      parameterCount: BASE.length,
      trainRows: 4 * ROWS,
      trainChunks: 4,
      batchSize: ROWS,
      quorum: 3,
    });
    const participants = endings.map((ending, i) => {
      const node = 10 + i;
      const committed = this.#update(node, ending, samples);
      const empty = JobType.fields.participants.elementType.defaultValue();
      return { ...empty, node, units: samples, ...committed };
    });
    this.job = { ...JobType.defaultValue(), spec, round: 1, participants, team: [0, 1, 2] };
  }

  #update(node: number, ending: Ending, samples: number) {
    if (ending === "garbage") {
      const bytes = new TextEncoder().encode(`garbage of ${node}`);
      this.#blobs.set(toHex(sha256(bytes)), bytes);
      return { updateHash: sha256(bytes), checkpointRoot: sha256(bytes) };
    }
    const parameters = ending ?? BASE;
    const optimizerHash = sha256(new Uint8Array());
    const states = [BASE, parameters].map((p) =>
      stateHashOf(sha256(bytesOfFloats(p)), optimizerHash),
    );
    const digests = states.map(leafDigest);
    const update = { participant: node, round: 1, samples, parameters, optimizerHash, digests };
    const bytes = encodeUpdate(update);
    if (ending !== undefined) this.#blobs.set(toHex(sha256(bytes)), bytes);
    return { updateHash: sha256(bytes), checkpointRoot: merkleRoot(states) };
  }

  /** Where its blobs lie. */
  folder = "";

  async merge(only?: readonly number[], merge: RoundModules["merge"] = (task) => mergeFiles(task)) {
    const rows = new Uint32Array(4).fill(ROWS);
    const dataset = { train: { rows }, test: { files: ["test.bin"] } };
    const dataDir = await FOLDERS.create();
    this.folder = join(dataDir, "blobs");
    const store = await BlobStore.open(dataDir);
    const base = await store.put(bytesOfFloats(BASE));
    for (const bytes of this.#blobs.values()) await store.put(bytes);
    const source = async (hash: Uint8Array) => {
      const found = await store.source(hash);
      if (found === undefined) throw new Error("nobody has it");
      return found;
    };
    const modules = {
      files: {
        order: async () => ({ dataset }),
        parameters: (_: unknown, hash: Uint8Array) => source(hash),
        modelTask: async () => ({}),
      },
      fetcher: {
        fetchFile: async (hash: Uint8Array) => {
          return { path: store.pathOf(hash), source: await source(hash) };
        },
      },
      blobs: store,
      workers: {
        evaluate: async () => {
          return { lossSum: 4, samples: 8, confusion: Uint32Array.of(3, 1, 0, 4) };
        },
      },
      log: { warn: () => undefined, info: () => undefined, debug: () => undefined },
      clock: systemClock,
      merge,
      peerOf: String,
    } as unknown as RoundModules;
    const signal = AbortSignal.timeout(20_000);
    const value = { ...trainProgress(this.job), parameters: base };
    const job: Job = { ...this.job, progress: { selector: 0, value } };
    return mergeRound(job, { phaseMs: 100, signal, ...(only && { only }) }, modules);
  }

  /** Check by node, of a round that is refused. */
  async refused(): Promise<Record<number, string>> {
    const outcome = await this.merge();
    if (outcome.kind !== "refused") throw new Error(`the round is ${outcome.kind}`);
    return Object.fromEntries(
      outcome.refused.map(({ node, check }) => [node, UPDATE_CHECKS[check] ?? ""]),
    );
  }
}

const near = (shift: number): Float32Array => BASE.map((value) => value + shift);
const far = near(5e6);

describe("the merge of a round", () => {
  after(() => FOLDERS.removeAll());

  it("merges the valid updates, and leaves out one that diverged", async () => {
    const outcome = await new Round([near(0.1), near(0.2), near(0.3), far]).merge();
    if (outcome.kind !== "merged") throw new Error("refused");
    expect(outcome.result.contributions.map(({ node }) => node)).to.deep.equal([10, 11, 12]);
  });

  it("leaves nothing on the disk when its helper is ended half-way", async () => {
    const round = new Round([near(0.1), near(0.2), near(0.3)]);
    const ended = round.merge(undefined, async ({ output }) => {
      await writeFile(output, "half of it");
      throw overLimit("merge", "time", 1_000);
    });
    await expectCodeAsync(() => ended, "HELPER_LIMIT");
    const left = await readdir(round.folder);
    expect(left.filter((name) => name.endsWith(".part"))).to.deep.equal([]);
    expect(left).to.have.length(4);
  });

  it("refuses the round when training ran away everywhere, at once and by name", async () => {
    const refused = await new Round([far, far, far, far]).refused();
    expect(refused).to.deep.equal({ 10: "norm", 11: "norm", 12: "norm", 13: "norm" });
  });

  it("distinguishes a model that does not change, one that diverges, and bytes that are no update", async () => {
    const refused = await new Round([BASE, BASE, "garbage", near(0.1)]).refused();
    expect(refused).to.deep.equal({ 10: "no-change", 11: "no-change", 12: "format" });
  });

  it("names values that are no numbers", async () => {
    const broken = Float32Array.of(1, Number.NaN, 3, 4);
    const refused = await new Round([broken, broken, near(0.1), near(0.2)]).refused();
    expect(refused).to.deep.equal({ 10: "not-finite", 11: "not-finite" });
  });

  it("refuses commits to other rows than their shard's", async () => {
    const refused = await new Round([near(1), near(2), near(3), near(1)], { samples: 7 }).refused();
    expect(new Set(Object.values(refused))).to.deep.equal(new Set(["samples"]));
  });

  it("does not refuse while updates that are missing could make a quorum", async () => {
    const round = new Round([far, near(0.1), near(0.2), undefined]);
    const { facts } = await expectCodeAsync(() => round.merge(), "NO_QUORUM");
    expect(facts).to.include({ updates: 2, quorum: 3 });
    const hopeless = await new Round([far, far, near(0.1), undefined]).refused();
    expect(hopeless).to.deep.equal({ 10: "norm", 11: "norm" });
  });
});

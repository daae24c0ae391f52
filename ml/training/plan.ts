/**
 * The plan of one local training run, which the job fixes before the run starts: the rows of each step, its dropout
 * seed, and where the audited segments begin. The same options give the same plan on every machine, so a replay can
 * start at any segment.
 */
import { taggedHash, uint32Bytes } from "../../chain/crypto/hash.ts";
import { SEGMENTS } from "../../chain/workload/train/segments.ts";
import { Random } from "../random.ts";

export interface PlanOptions {
  /** Rows of the shard. */
  readonly rows: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** 32 bytes, different for each job, round and participant. */
  readonly seed: Uint8Array;
  /** Audited parts; fewer when there are fewer steps. Default 16. */
  readonly segments?: number;
}

export class TrainingPlan {
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly segments: number;
  readonly batchSize: number;
  readonly #rows: number;
  readonly #seed: Uint8Array;
  readonly #dropoutBase: number;
  /** The order of the epoch that was last used. */
  #order: { readonly epoch: number; readonly rows: Uint32Array } | undefined;

  /** @throws RangeError for counts that are not positive integers */
  constructor(options: PlanOptions) {
    const { rows, epochs, batchSize, seed, segments = SEGMENTS } = options;
    for (const [name, value] of Object.entries({ rows, epochs, batchSize, segments })) {
      if (!Number.isSafeInteger(value) || value < 1) {
        throw new RangeError(`${name}: expected a positive integer, got ${value}`);
      }
    }
    this.#rows = rows;
    this.#seed = seed;
    this.batchSize = batchSize;
    this.stepsPerEpoch = Math.ceil(rows / batchSize);
    this.steps = this.stepsPerEpoch * epochs;
    this.segments = Math.min(segments, this.steps);
    this.#dropoutBase = new Random(taggedHash("poml/dropout/v1", seed)).nextU32();
  }

  /** First step of a segment; for `segments` it returns the number of steps. */
  segmentStart(segment: number): number {
    return Math.floor((segment * this.steps) / this.segments);
  }

  epochOf(step: number): number {
    return Math.floor(step / this.stepsPerEpoch);
  }

  /** Rows of one step, at most `batchSize`; the view stays valid during its epoch. */
  batch(step: number): Uint32Array {
    const epoch = this.epochOf(step);
    if (this.#order?.epoch !== epoch) {
      const random = new Random(taggedHash("poml/order/v1", this.#seed, uint32Bytes(epoch)));
      const rows = random.shuffle(Uint32Array.from({ length: this.#rows }, (_, row) => row));
      this.#order = { epoch, rows };
    }
    const start = (step % this.stepsPerEpoch) * this.batchSize;
    return this.#order.rows.subarray(start, start + this.batchSize);
  }

  dropoutSeed(step: number): number {
    return (this.#dropoutBase + step) >>> 0;
  }
}

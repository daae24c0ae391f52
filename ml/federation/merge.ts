/**
 * Merges the updates of a round into the next global parameters, stretch by stretch. Our own code adds in float64 and in
 * the order of the participants, so that every node computes the same bits, whatever the order of arrival.
 */
import { indexOfNonFinite } from "../bytes.ts";
import { Random } from "../random.ts";
import { type Bucket, bucketMeans, drawBuckets } from "./buckets.ts";
import { Gram } from "./gram.ts";
import { medianLength } from "./rules/distances.ts";
import type { Cohort, Weights } from "./rules/rule.ts";
import { type Strategy, usesCentre } from "./strategy.ts";
import type { Update } from "./update.ts";
import { UpdateError } from "./update-error.ts";

export interface MergeOptions {
  readonly strategy: Strategy;
  readonly parameterCount: number;
  /** Values of one stretch. Sums depend on it, so it is the same on all nodes. */
  readonly stretch: number;
  /** Sample steps of each update, in participant order; one or more. */
  readonly samples: readonly number[];
  /** 32 bytes for the draw of buckets: the same on all nodes, and not of a participant's choice. */
  readonly seed: Uint8Array;
  /** Median lengths of the updates of earlier rounds, the newest last. */
  readonly earlierLengths: readonly number[];
}

/** One stretch of everything. */
export interface Stretch {
  /** Of the global parameters. */
  readonly base: Float32Array;
  /** Trained minus global parameters, in participant order. */
  readonly deltas: readonly Float32Array[];
  /** Of each vector of the state; merging moves them on in place. */
  readonly state: readonly Float32Array[];
}

export interface MergeFiles {
  /** May be called twice for a stretch. */
  read(from: number, count: number): Promise<Stretch>;
  write(next: Float32Array, state: readonly Float32Array[]): Promise<void>;
}

/**
 * @returns the median lengths for the next round: earlier ones and that of this one, three at most
 * @throws UpdateError NOT_FINITE
 */
export async function mergeUpdates(options: MergeOptions, files: MergeFiles): Promise<number[]> {
  const { strategy, parameterCount, stretch } = options;
  const plan = new MergePlan(options);
  if (strategy.rule.kind === "weighing") {
    for (let from = 0; from < parameterCount; from += stretch) {
      plan.measure(await files.read(from, Math.min(stretch, parameterCount - from)));
    }
  }
  for (let from = 0; from < parameterCount; from += stretch) {
    const read = await files.read(from, Math.min(stretch, parameterCount - from));
    await files.write(plan.next(read, from), read.state);
  }
  return plan.lengths;
}

const KEPT_LENGTHS = 3;

class MergePlan {
  readonly #options: MergeOptions;
  readonly #buckets: readonly Bucket[] | undefined;
  readonly #gram: Gram;
  readonly #size: number;
  #weights: Weights | undefined;

  constructor(options: MergeOptions) {
    const { strategy, samples, seed } = options;
    const { bucket } = strategy;
    this.#options = options;
    if (bucket > 1) this.#buckets = drawBuckets(samples.length, bucket, new Random(seed));
    this.#size = this.#buckets?.length ?? samples.length;
    this.#gram = new Gram(strategy.rule.kind === "weighing" ? this.#size + 1 : 0);
  }

  /** First pass. */
  measure(stretch: Stretch): void {
    const centre = this.#usesCentre ? stretch.state[0] : undefined;
    this.#gram.add([...this.#updates(stretch).map(({ delta }) => delta), centre]);
  }

  /** Second pass. @param from where the stretch begins */
  next(stretch: Stretch, from: number): Float32Array {
    const { server } = this.#options.strategy;
    const { base, state } = stretch;
    const change = this.#combine(stretch);
    if (this.#usesCentre) state[0]?.set(change);
    server.step(change, this.#usesCentre ? state.slice(1) : state);
    const next = new Float32Array(base.length);
    for (let i = 0; i < next.length; i++) next[i] = (base[i] ?? 0) + (change[i] ?? 0);
    for (const values of [next, ...state]) {
      const index = indexOfNonFinite(values);
      if (index !== -1) {
        throw new UpdateError(`aggregated value ${from + index} is not a finite number`, {
          code: "NOT_FINITE",
          index: from + index,
        });
      }
    }
    return next;
  }

  get lengths(): number[] {
    const { earlierLengths } = this.#options;
    if (!this.#usesCentre) return [];
    return [...earlierLengths, medianLength(this.#cohort())].slice(-KEPT_LENGTHS);
  }

  get #usesCentre(): boolean {
    return usesCentre(this.#options.strategy.rule);
  }

  #updates({ deltas }: Stretch): Update[] {
    const { samples } = this.#options;
    const updates = deltas.map((delta, i) => ({ delta, samples: samples[i] ?? 0 }));
    return this.#buckets === undefined ? updates : bucketMeans(updates, this.#buckets);
  }

  #combine(stretch: Stretch): Float64Array {
    const { rule } = this.#options.strategy;
    const updates = this.#updates(stretch);
    if (rule.kind === "coordinate") return rule.combine(updates);
    this.#weights ??= rule.weigh(this.#cohort());
    const { updates: weights, centre } = this.#weights;
    const change = new Float64Array(stretch.base.length);
    const add = (weight: number, values: Float32Array | Float64Array | undefined): void => {
      if (weight === 0 || values === undefined) return;
      for (let i = 0; i < change.length; i++)
        change[i] = (change[i] ?? 0) + weight * (values[i] ?? 0);
    };
    if (rule.usesCentre) add(centre, stretch.state[0]);
    for (const [i, { delta }] of updates.entries()) add(weights[i] ?? 0, delta);
    return change;
  }

  #cohort(): Cohort {
    const { samples, earlierLengths } = this.#options;
    const inBucket = (bucket: Bucket): number =>
      bucket.reduce((sum, i) => sum + (samples[i] ?? 0), 0);
    const counts = this.#buckets?.map(inBucket) ?? samples;
    const total = counts.reduce((sum, one) => sum + one, 0);
    const shares = counts.map((one) => (total === 0 ? 1 / counts.length : one / total));
    const dot = (i: number, j: number): number => this.#gram.dot(i, j);
    return { size: this.#size, shares, dot, earlierLengths };
  }
}

/** The checks and the merge of a round with whole updates in memory, as tests compare them with those of files. */
import { sha256 } from "../../chain/crypto/hash.ts";
import type { AggregationSpec } from "../../chain/types/aggregation.ts";
import { bytesOfFloats, indexOfNonFinite } from "../../ml/bytes.ts";
import {
  limitNorms,
  type NormLimits,
  type UpdateVerdict,
} from "../../ml/federation/check-updates.ts";
import { mergeUpdates } from "../../ml/federation/merge.ts";
import { strategyOf } from "../../ml/federation/strategy.ts";
import type { Update } from "../../ml/federation/update.ts";
import { STRETCH } from "../../node/jobs/train/merge/float-file.ts";

export interface ParticipantUpdate extends Update {
  /** Node index; it decides the order of summation. */
  readonly participant: number;
  readonly delta: Float32Array;
}

/** What an aggregation keeps from round to round. */
export interface Kept {
  /** Each as long as the parameters. */
  readonly vectors: readonly Float32Array[];
  readonly lengths: readonly number[];
}

export interface Merged extends Kept {
  readonly parameters: Float32Array;
}

export interface Round {
  /** Undefined in the first one. */
  readonly before?: Kept | undefined;
  /** 32 bytes; default zeros. */
  readonly seed?: Uint8Array;
}

/** @param updates one or more, in any order, as long as `base` */
export async function merge(
  spec: AggregationSpec,
  base: Float32Array,
  updates: readonly ParticipantUpdate[],
  { before, seed = new Uint8Array(32) }: Round = {},
): Promise<Merged> {
  const ordered = [...updates].sort((a, b) => a.participant - b.participant);
  const strategy = strategyOf(spec);
  const parameters = new Float32Array(base.length);
  const vectors = strategy.initial.map(
    (value, i) => before?.vectors[i]?.slice() ?? new Float32Array(base.length).fill(value),
  );
  let written = 0;
  const lengths = await mergeUpdates(
    {
      strategy,
      parameterCount: base.length,
      stretch: STRETCH,
      samples: ordered.map(({ samples }) => samples),
      seed,
      earlierLengths: before?.lengths ?? [],
    },
    {
      read: async (from, count) => ({
        base: base.slice(from, from + count),
        deltas: ordered.map(({ delta }) => delta.slice(from, from + count)),
        state: vectors.map((vector) => vector.slice(from, from + count)),
      }),
      write: async (next, state) => {
        parameters.set(next, written);
        state.forEach((values, i) => {
          vectors[i]?.set(values, written);
        });
        written += next.length;
      },
    },
  );
  return { parameters, vectors, lengths };
}

/** The same in a first round, without what the aggregation keeps. */
export async function aggregate(
  spec: AggregationSpec,
  base: Float32Array,
  updates: readonly ParticipantUpdate[],
): Promise<Float32Array> {
  return (await merge(spec, base, updates)).parameters;
}

/** @returns one verdict per update, in the order given */
export function checkUpdates(
  updates: readonly ParticipantUpdate[],
  limits: NormLimits = {},
): UpdateVerdict[] {
  return limitNorms(updates.map(checkOne), limits);
}

function checkOne({ participant, delta }: ParticipantUpdate): UpdateVerdict {
  const index = indexOfNonFinite(delta);
  if (index !== -1) {
    return { participant, norm: Number.NaN, refusal: { code: "NOT_FINITE", index } };
  }
  const norm = normOf(delta);
  return { participant, norm, refusal: norm === 0 ? { code: "NO_CHANGE" } : undefined };
}

/** L2 norm in float64. */
export function normOf(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/** SHA-256 of parameters as float32 little-endian, by which the chain names the state of a model. */
export function parametersHash(parameters: Float32Array): Uint8Array {
  return sha256(bytesOfFloats(parameters));
}

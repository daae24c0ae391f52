/** The checks and the merge of a round with whole updates in memory, as tests compare them with those of files. */
import { sha256 } from "../../chain/crypto/hash.ts";
import { bytesOfFloats, indexOfNonFinite } from "../../ml/bytes.ts";
import { type AggregationName, mergeStretch } from "../../ml/federation/aggregate.ts";
import {
  limitNorms,
  type NormLimits,
  type UpdateVerdict,
} from "../../ml/federation/check-updates.ts";
import type { Update } from "../../ml/federation/update-codec.ts";

export interface ParticipantUpdate extends Update {
  /** Node index; it decides the order of summation. */
  readonly participant: number;
}

/** @param updates one or more, in any order, as long as `base` */
export function aggregate(
  name: AggregationName,
  base: Float32Array,
  updates: readonly ParticipantUpdate[],
): Float32Array {
  const ordered = [...updates].sort((a, b) => a.participant - b.participant);
  return mergeStretch(name, base, ordered, 0);
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

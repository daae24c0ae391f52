/** How a decoder of strangers' bytes is described to the fuzzer. */
import type { Type } from "@chainsafe/ssz";
import fc from "fast-check";
import { decodeSsz } from "../../chain/decode.ts";
import { parseJson } from "../../node/api/body.ts";
import { arbitraryOf } from "../helpers/ssz-arbitrary.ts";
import { hostileBytes, hostileJson } from "./mutate.ts";

export interface FuzzedDecoder {
  readonly name: string;
  /** Inputs the decoder must take. */
  readonly samples: readonly Uint8Array[];
  readonly inputs: fc.Arbitrary<Uint8Array>;
  decode(bytes: Uint8Array): unknown;
  /** Bytes of what was decoded; absent where one value has many encodings (JSON, text). */
  encode?(value: unknown): Uint8Array;
}

const POOL = 48;

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function utf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** SSZ as `decodeSsz` takes it, from values of every shape the type allows. */
export function ssz<V>(
  name: string,
  type: Type<V>,
  decode?: (bytes: Uint8Array) => V,
): FuzzedDecoder {
  const values = fc.sample(arbitraryOf(type), { numRuns: POOL, seed: 1 });
  return binary(
    name,
    values.map((value) => type.serialize(value)),
    decode ?? ((bytes) => decodeSsz(name, type, bytes)),
    (value) => type.serialize(value),
  );
}

/** A format of its own, from encodings the caller made. */
export function binary<V>(
  name: string,
  samples: readonly Uint8Array[],
  decode: (bytes: Uint8Array) => V,
  encode?: (value: V) => Uint8Array,
): FuzzedDecoder {
  const back = encode === undefined ? {} : { encode: encode as (value: unknown) => Uint8Array };
  return { name, samples, inputs: hostileBytes(samples), decode, ...back };
}

/** A schema over JSON: values are bent, not only bytes. */
export function json(
  name: string,
  samples: readonly unknown[],
  decode: (value: unknown) => unknown,
): FuzzedDecoder {
  return {
    name,
    samples: samples.map((sample) => text(JSON.stringify(sample))),
    inputs: hostileJson(samples),
    decode: (bytes) => decode(parseJson(bytes)),
  };
}

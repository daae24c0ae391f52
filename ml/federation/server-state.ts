/**
 * What an aggregation keeps from round to round, as a file.
 *
 *   0  "PMLA"   4  version u8   5  number of vectors u8   6  0 u16   8  parameter count u32
 *   12  stretch by stretch of 65,536 values, each vector's values, float32 little-endian
 *   ..  median lengths of the updates of earlier rounds, the newest last: 3 x float64, NaN where there is none
 */
import { UpdateError } from "./update-error.ts";

export const STATE_HEADER_BYTES = 12;
export const STATE_TRAILER_BYTES = 24;
const MAGIC = 0x414c4d50;
const VERSION = 1;
const MAX_LENGTHS = STATE_TRAILER_BYTES / Float64Array.BYTES_PER_ELEMENT;

export interface StateShape {
  readonly vectors: number;
  readonly parameterCount: number;
}

/** Bytes of the whole file. */
export function stateBytes({ vectors, parameterCount }: StateShape): number {
  const values = Float32Array.BYTES_PER_ELEMENT * vectors * parameterCount;
  return STATE_HEADER_BYTES + values + STATE_TRAILER_BYTES;
}

export function encodeStateHeader({ vectors, parameterCount }: StateShape): Uint8Array {
  const bytes = new Uint8Array(STATE_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, VERSION);
  view.setUint8(5, vectors);
  view.setUint32(8, parameterCount, true);
  return bytes;
}

/** @param lengths three at most */
export function encodeLengths(lengths: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(STATE_TRAILER_BYTES);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < MAX_LENGTHS; i++) view.setFloat64(8 * i, lengths[i] ?? Number.NaN, true);
  return bytes;
}

/** @throws UpdateError UPDATE_FORMAT for the state of another job */
export function checkStateHeader(bytes: Uint8Array, shape: StateShape): void {
  const right = encodeStateHeader(shape);
  if (bytes.length === right.length && right.every((byte, i) => byte === bytes[i])) return;
  const reason = "this is no state of the job's aggregation";
  throw new UpdateError(reason, { code: "UPDATE_FORMAT", reason });
}

export function decodeLengths(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lengths = Array.from({ length: MAX_LENGTHS }, (_, i) => view.getFloat64(8 * i, true));
  return lengths.filter((length) => !Number.isNaN(length));
}

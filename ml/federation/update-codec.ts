/**
 * An update on the wire: the change a participant made to the global parameters.
 *
 *   0  "PMLU"   4  version u8   5  dtype u8 (1 = float32)   6  zero u16
 *   8  parameter count u32   12  sample steps u32   16  node index u32   20  round u32
 *   24  changes, float32 little-endian
 * Node and round are inside, so that a copied commitment cannot be revealed as one's own.
 */
import { sha256 } from "../../chain/crypto/hash.ts";
import { bytesOfFloats, floatsOfBytes, indexOfNonFinite } from "../bytes.ts";
import { UpdateError } from "./update-error.ts";

export interface Update {
  /** Sample steps behind it: rows x epochs. */
  readonly samples: number;
  /** Trained minus global parameters. */
  readonly delta: Float32Array;
}

/** An update as it travels: whose it is, and of which round. */
export interface WireUpdate extends Update {
  /** Node index. */
  readonly participant: number;
  readonly round: number;
}

const MAGIC = 0x554c4d50;
const VERSION = 2;
const FLOAT32 = 1;
const HEADER_BYTES = 24;

/** Bytes of an update for a model with `parameterCount` parameters. */
export function updateBytes(parameterCount: number): number {
  return HEADER_BYTES + 4 * parameterCount;
}

export function encodeUpdate({ participant, round, samples, delta }: WireUpdate): Uint8Array {
  const bytes = new Uint8Array(updateBytes(delta.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, VERSION);
  view.setUint8(5, FLOAT32);
  view.setUint32(8, delta.length, true);
  view.setUint32(12, samples, true);
  view.setUint32(16, participant, true);
  view.setUint32(20, round, true);
  bytes.set(bytesOfFloats(delta), HEADER_BYTES);
  return bytes;
}

/**
 * @param parameterCount of the job's model: nothing larger is ever allocated
 * @throws UpdateError TOO_LARGE, UPDATE_FORMAT, SHAPE, NOT_FINITE
 */
export function decodeUpdate(bytes: Uint8Array, parameterCount: number): WireUpdate {
  const limit = updateBytes(parameterCount);
  if (bytes.length > limit) {
    throw new UpdateError(`the update has ${bytes.length} bytes, at most ${limit} are expected`, {
      code: "TOO_LARGE",
      limit,
      actual: bytes.length,
    });
  }
  if (bytes.length < HEADER_BYTES) refuse(`${bytes.length} bytes are less than a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const known =
    view.getUint32(0, true) === MAGIC &&
    view.getUint8(4) === VERSION &&
    view.getUint8(5) === FLOAT32 &&
    view.getUint16(6, true) === 0;
  if (!known) refuse("magic, version or dtype is unknown");
  const actual = view.getUint32(8, true);
  if (actual !== parameterCount) {
    throw new UpdateError(`the update has ${actual} values, the model ${parameterCount}`, {
      code: "SHAPE",
      expected: parameterCount,
      actual,
    });
  }
  if (bytes.length !== limit) refuse(`${bytes.length} bytes for ${actual} values`);
  const delta = floatsOfBytes(bytes.subarray(HEADER_BYTES));
  const index = indexOfNonFinite(delta);
  if (index !== -1) {
    throw new UpdateError(`value ${index} of the update is not a finite number`, {
      code: "NOT_FINITE",
      index,
    });
  }
  return {
    samples: view.getUint32(12, true),
    participant: view.getUint32(16, true),
    round: view.getUint32(20, true),
    delta,
  };
}

/** What a participant commits to before it reveals the update. */
export function updateHash(bytes: Uint8Array): Uint8Array {
  return sha256(bytes);
}

/** SHA-256 of parameters as float32 little-endian: how the chain names a model's state. */
export function parametersHash(parameters: Float32Array): Uint8Array {
  return sha256(bytesOfFloats(parameters));
}

/** trained - base, rounded to float32. @throws RangeError when the lengths differ */
export function deltaOf(base: Float32Array, trained: Float32Array): Float32Array {
  if (base.length !== trained.length) {
    throw new RangeError(`${trained.length} trained values over ${base.length} global ones`);
  }
  return trained.map((value, i) => value - (base[i] ?? 0));
}

function refuse(reason: string): never {
  throw new UpdateError(`update: ${reason}`, { code: "UPDATE_FORMAT", reason });
}

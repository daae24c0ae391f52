/**
 * An update on the wire: the last parameters of a participant's training, and the hashes that connect them with its
 * checkpoints.
 *
 *   0  "PMLU"   4  version u8   5  dtype u8 (1 = float32)   6  digests u16
 *   8  parameter count u32   12  sample steps u32   16  node index u32   20  round u32
 *   24  SHA-256 of the optimizer's last values
 *   56  Merkle digests of the checkpoints, 32 bytes each
 *   ..  parameters, float32 little-endian
 * Node and round are part of the bytes, so no node can copy a commitment and reveal the update as its own. An update
 * holds parameters, not their change: a change that is rounded to float32 does not lead back to the same bits, and only
 * the exact parameters can be compared with the last checkpoint.
 */
import { HASH_BYTES } from "../../chain/crypto/hash.ts";
import { SEGMENTS } from "../../chain/workload/train/segments.ts";
import { bytesOfFloats, floatsOfBytes, indexOfNonFinite } from "../bytes.ts";
import { UpdateError } from "./update-error.ts";

export interface Update {
  /** Sample steps behind it: rows x epochs. */
  readonly samples: number;
  /** Trained minus global parameters. */
  readonly delta: Float32Array;
}

/** An update as it travels, with its participant and round. */
export interface WireUpdate {
  /** Node index. */
  readonly participant: number;
  readonly round: number;
  /** Sample steps behind it: rows x epochs. */
  readonly samples: number;
  /** After training. */
  readonly parameters: Float32Array;
  /** SHA-256 of the optimizer's values after training. */
  readonly optimizerHash: Uint8Array;
  /** `leafDigest` of each checkpoint hash. */
  readonly digests: readonly Uint8Array[];
}

const MAGIC = 0x554c4d50;
const VERSION = 3;
const FLOAT32 = 1;
const DIGESTS_AT = 24 + HASH_BYTES;
const MAX_DIGESTS = SEGMENTS + 1;

/** Bytes of an update for a model with `parameterCount` parameters, at most. */
export function updateBytes(parameterCount: number, digests: number = MAX_DIGESTS): number {
  return DIGESTS_AT + HASH_BYTES * digests + 4 * parameterCount;
}

export function encodeUpdate(update: WireUpdate): Uint8Array {
  const { participant, round, samples, parameters, optimizerHash, digests } = update;
  const bytes = new Uint8Array(updateBytes(parameters.length, digests.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, VERSION);
  view.setUint8(5, FLOAT32);
  view.setUint16(6, digests.length, true);
  view.setUint32(8, parameters.length, true);
  view.setUint32(12, samples, true);
  view.setUint32(16, participant, true);
  view.setUint32(20, round, true);
  bytes.set(optimizerHash, DIGESTS_AT - HASH_BYTES);
  digests.forEach((digest, i) => {
    bytes.set(digest, DIGESTS_AT + HASH_BYTES * i);
  });
  bytes.set(bytesOfFloats(parameters), DIGESTS_AT + HASH_BYTES * digests.length);
  return bytes;
}

/** All of an update but its parameters. */
export interface UpdateHeader extends Omit<WireUpdate, "parameters"> {
  /** Where the parameters begin, in bytes. */
  readonly parametersAt: number;
}

/** Enough bytes for the header of any update. */
export const MAX_HEADER_BYTES = DIGESTS_AT + HASH_BYTES * MAX_DIGESTS;

/**
 * @param bytes the beginning of the update: all of it, or at least MAX_HEADER_BYTES
 * @param size bytes of the whole update
 * @param parameterCount of the job's model
 * @throws UpdateError TOO_LARGE, UPDATE_FORMAT, SHAPE
 */
export function decodeUpdateHeader(
  bytes: Uint8Array,
  size: number,
  parameterCount: number,
): UpdateHeader {
  const limit = updateBytes(parameterCount);
  if (size > limit) {
    throw new UpdateError(`the update has ${size} bytes, at most ${limit} are expected`, {
      code: "TOO_LARGE",
      limit,
      actual: size,
    });
  }
  if (bytes.length < DIGESTS_AT) refuse(`${bytes.length} bytes are less than a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const known =
    view.getUint32(0, true) === MAGIC &&
    view.getUint8(4) === VERSION &&
    view.getUint8(5) === FLOAT32;
  if (!known) refuse("magic, version or dtype is unknown");
  const count = view.getUint16(6, true);
  if (count < 2 || count > MAX_DIGESTS) refuse(`${count} checkpoints`);
  const actual = view.getUint32(8, true);
  if (actual !== parameterCount) {
    throw new UpdateError(`the update has ${actual} values, the model ${parameterCount}`, {
      code: "SHAPE",
      expected: parameterCount,
      actual,
    });
  }
  if (size !== updateBytes(actual, count)) {
    refuse(`${size} bytes for ${actual} values and ${count} checkpoints`);
  }
  return {
    samples: view.getUint32(12, true),
    participant: view.getUint32(16, true),
    round: view.getUint32(20, true),
    parametersAt: DIGESTS_AT + HASH_BYTES * count,
    optimizerHash: bytes.slice(DIGESTS_AT - HASH_BYTES, DIGESTS_AT),
    digests: Array.from({ length: count }, (_, i) =>
      bytes.slice(DIGESTS_AT + HASH_BYTES * i, DIGESTS_AT + HASH_BYTES * (i + 1)),
    ),
  };
}

/**
 * @param parameterCount of the job's model; nothing larger is ever allocated
 * @throws UpdateError TOO_LARGE, UPDATE_FORMAT, SHAPE, NOT_FINITE
 */
export function decodeUpdate(bytes: Uint8Array, parameterCount: number): WireUpdate {
  const { parametersAt, ...header } = decodeUpdateHeader(bytes, bytes.length, parameterCount);
  const parameters = floatsOfBytes(bytes.subarray(parametersAt));
  const index = indexOfNonFinite(parameters);
  if (index !== -1) throw notFinite(index);
  return { ...header, parameters };
}

/** @param index of the parameter */
function notFinite(index: number): UpdateError {
  return new UpdateError(`value ${index} of the update is not a finite number`, {
    code: "NOT_FINITE",
    index,
  });
}

/** trained - base, rounded to float32. @throws RangeError when the lengths differ */
export function deltaOf(base: Float32Array, trained: Float32Array): Float32Array {
  if (base.length !== trained.length) {
    throw new RangeError(`${trained.length} trained values over ${base.length} global ones`);
  }
  const delta = new Float32Array(trained.length);
  // A loop, because it runs over every value of every update, and a callback for each value costs several times as much.
  for (let i = 0; i < delta.length; i++) delta[i] = (trained[i] ?? 0) - (base[i] ?? 0);
  return delta;
}

function refuse(reason: string): never {
  throw new UpdateError(`update: ${reason}`, { code: "UPDATE_FORMAT", reason });
}

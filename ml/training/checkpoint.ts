/**
 * The state of a training run between two steps, as bytes and as a hash. An auditor needs it to run the next segment,
 * and two honest runs have the same one.
 *
 *   0  "PMLS"   4  version u32   8  parameter count u32   12  optimizer value count u32
 *   16  parameters   ...  optimizer values        (float32 little-endian)
 */
import { sha256, taggedHash } from "../../chain/crypto/hash.ts";
import { bytesOfFloats, floatsOfBytes, indexOfNonFinite } from "../bytes.ts";
import { CheckpointError } from "./checkpoint-error.ts";

export interface Checkpoint {
  readonly parameters: Float32Array;
  /** Empty where the optimizer has no state. */
  readonly optimizerState: Float32Array;
}

const MAGIC = 0x534c4d50;
const VERSION = 1;
const HEADER_BYTES = 16;
/** Single values that an optimizer may have besides those of each parameter. */
const MAX_SINGLES = 2;

/** The largest size of a checkpoint of a model with so many parameters, in bytes. */
export function maxCheckpointBytes(parameterCount: number): number {
  return HEADER_BYTES + 4 * (3 * parameterCount + MAX_SINGLES);
}

export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const parts = partsOf(checkpoint);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** SHA-256 of the encoded bytes, computed without building them. */
export function checkpointHash(checkpoint: Checkpoint): Uint8Array {
  return sha256(...partsOf(checkpoint));
}

/**
 * The hash of a training state to which a participant commits. It is a hash of the hashes of its two parts, so that a
 * node with the parameters alone can check them against it.
 */
export function stateHash({ parameters, optimizerState }: Checkpoint): Uint8Array {
  return stateHashOf(sha256(bytesOfFloats(parameters)), sha256(bytesOfFloats(optimizerState)));
}

export function stateHashOf(parametersHash: Uint8Array, optimizerHash: Uint8Array): Uint8Array {
  return taggedHash("poml/training-state/v1", parametersHash, optimizerHash);
}

/**
 * @param parameterCount of the model that is audited; it limits what is read
 * @throws CheckpointError BAD_CHECKPOINT
 */
export function decodeCheckpoint(bytes: Uint8Array, parameterCount: number): Checkpoint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) {
    refuse("it does not start as a checkpoint");
  }
  if (view.getUint32(4, true) !== VERSION) refuse(`version ${view.getUint32(4, true)} is unknown`);
  const count = view.getUint32(8, true);
  const stateCount = view.getUint32(12, true);
  if (count !== parameterCount) refuse(`${count} parameters, the model has ${parameterCount}`);
  const arrays = Math.floor(stateCount / count);
  if (stateCount > 2 * count + MAX_SINGLES || stateCount - arrays * count > MAX_SINGLES) {
    refuse(`${stateCount} optimizer values for ${count} parameters`);
  }
  const split = HEADER_BYTES + 4 * count;
  if (bytes.length !== split + 4 * stateCount) refuse(`${bytes.length} bytes`);
  const parameters = floatsOfBytes(bytes.subarray(HEADER_BYTES, split));
  const optimizerState = floatsOfBytes(bytes.subarray(split));
  if (indexOfNonFinite(parameters) !== -1 || indexOfNonFinite(optimizerState) !== -1) {
    refuse("a value is not finite");
  }
  return { parameters, optimizerState };
}

/** The two parts of an encoded state from which its hash is made; undefined for other bytes. */
export function stateParts(
  bytes: Uint8Array,
): { readonly parameters: Uint8Array; readonly optimizerState: Uint8Array } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) return undefined;
  const split = HEADER_BYTES + 4 * view.getUint32(8, true);
  if (bytes.length !== split + 4 * view.getUint32(12, true)) return undefined;
  return { parameters: bytes.subarray(HEADER_BYTES, split), optimizerState: bytes.subarray(split) };
}

function partsOf({ parameters, optimizerState }: Checkpoint): Uint8Array[] {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  header.setUint32(0, MAGIC, true);
  header.setUint32(4, VERSION, true);
  header.setUint32(8, parameters.length, true);
  header.setUint32(12, optimizerState.length, true);
  return [new Uint8Array(header.buffer), bytesOfFloats(parameters), bytesOfFloats(optimizerState)];
}

function refuse(reason: string): never {
  throw new CheckpointError(`checkpoint: ${reason}`, { code: "BAD_CHECKPOINT", reason });
}

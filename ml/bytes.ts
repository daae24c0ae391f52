/**
 * Float32 values as little-endian bytes, and back: parameters, updates and features are stored, sent and hashed in this
 * form only.
 */

const FLOAT_BYTES = 4;

/** A view of `values` on a little-endian machine, otherwise a copy; do not write to it. */
export function bytesOfFloats(values: Float32Array): Uint8Array {
  if (isLittleEndian()) {
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  }
  const view = new DataView(new ArrayBuffer(values.length * FLOAT_BYTES));
  for (let i = 0; i < values.length; i++) view.setFloat32(i * FLOAT_BYTES, values[i] ?? 0, true);
  return new Uint8Array(view.buffer);
}

/** A copy with its own, aligned buffer. The byte length must be a multiple of 4. */
export function floatsOfBytes(bytes: Uint8Array): Float32Array {
  if (bytes.length % FLOAT_BYTES !== 0) {
    throw new RangeError(`expected whole float32 values, got ${bytes.length} bytes`);
  }
  const values = new Float32Array(bytes.length / FLOAT_BYTES);
  if (isLittleEndian()) {
    new Uint8Array(values.buffer).set(bytes);
    return values;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(i * FLOAT_BYTES, true);
  return values;
}

/** Index of the first NaN or infinity, or -1. */
export function indexOfNonFinite(values: Float32Array): number {
  // A loop, because this checks every state of a run, and a callback for each value costs ten times as much.
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

function isLittleEndian(): boolean {
  return new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
}

/**
 * One WebSocket message of the worker link, always binary:
 *
 *   0  header length u32   4  header, JSON   ...  payload
 *
 * The header is one object; its `bytes` is the length of the payload. Nothing is parsed before
 * its size is known to be within the limits.
 */
import { badFrame } from "./worker-error.ts";

export const MAX_HEADER_BYTES = 64 * 1024;
/** Larger data travels in parts, so that a slow link stays visibly alive. */
export const MAX_PAYLOAD_BYTES = 4 * 1024 * 1024;
export const MAX_FRAME_BYTES = 4 + MAX_HEADER_BYTES + MAX_PAYLOAD_BYTES;

const EMPTY = new Uint8Array(0);

export interface Frame {
  /** Any JSON object, without `bytes`; the protocol's schema checks the rest. */
  readonly header: Readonly<Record<string, unknown>>;
  /** A view into the received bytes. */
  readonly payload: Uint8Array;
}

/** @throws RangeError for a frame above the limits, which is a mistake of the caller */
export function encodeFrame(header: object, payload: Uint8Array = EMPTY): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify({ ...header, bytes: payload.length }));
  if (json.length > MAX_HEADER_BYTES || payload.length > MAX_PAYLOAD_BYTES) {
    throw new RangeError(`frame with ${json.length} header and ${payload.length} payload bytes`);
  }
  const frame = new Uint8Array(4 + json.length + payload.length);
  new DataView(frame.buffer).setUint32(0, json.length, true);
  frame.set(json, 4);
  frame.set(payload, 4 + json.length);
  return frame;
}

/** @throws WorkerError BAD_FRAME */
export function decodeFrame(frame: Uint8Array): Frame {
  if (frame.length < 4 || frame.length > MAX_FRAME_BYTES) throw badFrame(`${frame.length} bytes`);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const headerBytes = view.getUint32(0, true);
  if (headerBytes > MAX_HEADER_BYTES || 4 + headerBytes > frame.length) {
    throw badFrame(`header length ${headerBytes} in a frame of ${frame.length} bytes`);
  }
  const payload = frame.subarray(4 + headerBytes);
  const { bytes, ...header } = parseObject(frame.subarray(4, 4 + headerBytes));
  if (bytes !== payload.length) {
    throw badFrame(`the header does not announce the ${payload.length} payload bytes`);
  }
  return { header, payload };
}

function parseObject(json: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch (cause) {
    throw badFrame("the header is not JSON", cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badFrame("the header is not an object");
  }
  return { ...value };
}

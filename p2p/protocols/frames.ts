/**
 * Frames on a byte stream: u32 big-endian length, one tag byte, payload. The length covers the payload only
 * and is checked against the limit before anything is allocated. A response that does not finish with an
 * `end` or `error` frame was cut off.
 */
import { P2pError } from "../errors.ts";

export const TAG = { data: 0, end: 1, error: 2 } as const;
export type Tag = (typeof TAG)[keyof typeof TAG];

export interface Frame {
  readonly tag: number;
  readonly payload: Uint8Array;
}

const HEADER_BYTES = 5;

/** The header alone: the payload is sent separately, without a copy. */
export function frameHeader(tag: Tag, payloadBytes: number): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  new DataView(header.buffer).setUint32(0, payloadBytes);
  header[4] = tag;
  return header;
}

/**
 * Splits chunks of any size into frames until the source ends.
 * @throws P2pError FRAME_TOO_LARGE before it allocates a payload larger than `maxPayloadBytes`
 */
export async function* readFrames(
  chunks: AsyncIterable<Uint8Array>,
  maxPayloadBytes: number,
): AsyncGenerator<Frame> {
  const header = new Uint8Array(HEADER_BYTES);
  let headerFilled = 0;
  let payload: Uint8Array | undefined;
  let payloadFilled = 0;
  for await (const chunk of chunks) {
    let at = 0;
    while (at < chunk.length) {
      if (payload === undefined) {
        const part = chunk.subarray(at, at + HEADER_BYTES - headerFilled);
        header.set(part, headerFilled);
        headerFilled += part.length;
        at += part.length;
        if (headerFilled < HEADER_BYTES) break;
        payload = new Uint8Array(payloadLength(header, maxPayloadBytes));
        payloadFilled = 0;
      }
      const part = chunk.subarray(at, at + payload.length - payloadFilled);
      payload.set(part, payloadFilled);
      payloadFilled += part.length;
      at += part.length;
      if (payloadFilled === payload.length) {
        yield { tag: header[4] ?? 0, payload };
        payload = undefined;
        headerFilled = 0;
      }
    }
  }
}

function payloadLength(header: Uint8Array, limit: number): number {
  const size = new DataView(header.buffer).getUint32(0);
  if (size > limit) {
    throw new P2pError(`a frame of ${size} bytes is over the limit of ${limit}`, {
      code: "FRAME_TOO_LARGE",
      limit,
      size,
    });
  }
  return size;
}

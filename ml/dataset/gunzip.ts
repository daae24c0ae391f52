/**
 * Unpacks gzip within a bound that is fixed before the first byte is kept: a megabyte of gzip can unpack to a gigabyte
 * of zeros.
 */
import { constants, createGunzip, gunzipSync } from "node:zlib";
import { DatasetError } from "./errors.ts";

/** For all files of one import, unpacked. */
export const MAX_UNPACKED_BYTES = 768 * 1024 * 1024;
/** Real images shrink to a tenth. Data that shrinks more than this was made to attack the reader. */
const MAX_RATIO = 200;
/** Below this size the ratio is not checked. */
const SMALL_BYTES = 64 * 1024 * 1024;
const START_BYTES = 512;

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The first unpacked bytes, perhaps none. */
export function startOf(packed: Uint8Array): Uint8Array {
  try {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 4 * 1024 * 1024 };
    return gunzipSync(packed.subarray(0, START_BYTES), options);
  } catch {
    return new Uint8Array();
  }
}

/**
 * @param expectedBytes the unpacked size, if the format gives it; otherwise the limit is used
 * @throws DatasetError TOO_LARGE, BAD_GZIP
 */
export async function gunzipWithin(
  what: string,
  packed: Uint8Array,
  { limitBytes, expectedBytes }: { readonly limitBytes: number; readonly expectedBytes?: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const allowed = Math.min(limitBytes, Math.max(SMALL_BYTES, MAX_RATIO * packed.length));
  const size = Math.min(expectedBytes ?? allowed, allowed);
  if (expectedBytes !== undefined && expectedBytes > allowed)
    refuseSize(what, allowed, expectedBytes);
  let bytes = new Uint8Array(expectedBytes ?? Math.min(size, 4 * packed.length + 1024));
  let length = 0;
  const gunzip = createGunzip();
  gunzip.end(packed);
  try {
    for await (const part of gunzip as AsyncIterable<Buffer>) {
      if (length + part.length > size) {
        if (expectedBytes !== undefined) refusePacked(what, "holds more than its header says");
        refuseSize(what, allowed, length + part.length);
      }
      if (length + part.length > bytes.length) {
        const larger = new Uint8Array(Math.min(size, 2 * (length + part.length)));
        larger.set(bytes.subarray(0, length));
        bytes = larger;
      }
      bytes.set(part, length);
      length += part.length;
    }
  } catch (cause) {
    if (cause instanceof DatasetError) throw cause;
    refusePacked(what, "is damaged or cut off", cause);
  } finally {
    gunzip.destroy();
  }
  return bytes.subarray(0, length);
}

function refuseSize(what: string, limit: number, actual: number): never {
  throw new DatasetError(
    `${what} unpacks to ${actual} bytes or more; ${limit} are taken (at most ${MAX_RATIO} times its packed size, and ${MAX_UNPACKED_BYTES} in one import)`,
    { code: "TOO_LARGE", what, limit, actual },
    { remedy: "send fewer rows, or several datasets" },
  );
}

function refusePacked(what: string, reason: string, cause?: unknown): never {
  throw new DatasetError(
    `the gzip data of ${what} ${reason}`,
    { code: "BAD_GZIP", what, reason },
    { remedy: "pack the file again, or send it unpacked", cause },
  );
}

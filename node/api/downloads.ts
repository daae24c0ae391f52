/**
 * Sends files to clients: in pieces, a limited number at a time, each within a time that a slow connection can keep.
 */
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { ServedFile } from "../blobs/served-file.ts";
import { apiError } from "./api-error.ts";
import type { Caller } from "./caller.ts";
import type { ApiLimits } from "./limits.ts";
import { SharedPlaces } from "./shared-places.ts";

const LEAST_MS = 30_000;
/** A client that receives more slowly than this is cut off, because it keeps others from their files. */
const LEAST_BYTES_PER_MS = 32;

export interface Download {
  readonly file: ServedFile;
  readonly headers: OutgoingHttpHeaders;
  readonly caller: Caller;
}

export class Downloads {
  readonly #places: SharedPlaces;

  constructor({ downloads, downloadsPerAddress }: ApiLimits) {
    this.#places = new SharedPlaces(downloads, downloadsPerAddress);
  }

  /** The number of current downloads. */
  get count(): number {
    return this.#places.taken;
  }

  /**
   * Sends the file; resolves when the client has it or has left.
   * @throws ApiError TOO_MANY_DOWNLOADS, and any error of reading before anything was sent
   */
  async send(response: ServerResponse, { file, headers, caller }: Download): Promise<void> {
    if (!this.#places.take(caller)) throw tooMany();
    const limitMs = LEAST_MS + file.sizeBytes / LEAST_BYTES_PER_MS;
    const timer = setTimeout(() => response.destroy(), limitMs);
    try {
      await sendPieces(response, file, headers);
    } finally {
      clearTimeout(timer);
      this.#places.release(caller);
    }
  }
}

async function sendPieces(
  response: ServerResponse,
  file: ServedFile,
  headers: OutgoingHttpHeaders,
): Promise<void> {
  let isStarted = false;
  try {
    for await (const piece of file.read()) {
      if (!isStarted) response.writeHead(200, headers);
      isStarted = true;
      if (response.destroyed) return;
      if (!response.write(piece)) await drained(response);
    }
    response.end();
  } catch (error) {
    if (!isStarted) throw error;
    // The client notices that fewer bytes arrived than were announced.
    response.destroy();
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
    if (response.destroyed) done();
  });
}

function tooMany(): Error {
  return apiError(503, "TOO_MANY_DOWNLOADS", "other files are being sent", {
    remedy: "try again when they are done, or ask another node",
  });
}

/** Files on their way to clients: in pieces, so many at a time, each within a time that a slow line keeps. */
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { ServedFile } from "../blobs/served-file.ts";
import { apiError } from "./api-error.ts";
import type { ApiLimits } from "./limits.ts";

const LEAST_MS = 30_000;
/** A client that takes less than this is cut off: it keeps others from their files. */
const LEAST_BYTES_PER_MS = 32;

export class Downloads {
  readonly #limits: ApiLimits;
  readonly #open = new Map<string, number>();
  #count = 0;

  constructor(limits: ApiLimits) {
    this.#limits = limits;
  }

  /** How many are under way. */
  get count(): number {
    return this.#count;
  }

  /**
   * Sends the file; resolves when the client has it or is gone.
   * @throws ApiError TOO_MANY_DOWNLOADS, and what reading throws before anything was sent
   */
  async send(
    response: ServerResponse,
    { file, headers }: { readonly file: ServedFile; readonly headers: OutgoingHttpHeaders },
  ): Promise<void> {
    const address = response.req.socket.remoteAddress ?? "";
    const own = this.#open.get(address) ?? 0;
    if (this.#count >= this.#limits.downloads || own >= this.#limits.downloadsPerAddress) {
      throw tooMany();
    }
    this.#count++;
    this.#open.set(address, own + 1);
    const limitMs = LEAST_MS + file.sizeBytes / LEAST_BYTES_PER_MS;
    const timer = setTimeout(() => response.destroy(), limitMs);
    try {
      await sendPieces(response, file, headers);
    } finally {
      clearTimeout(timer);
      this.#count--;
      const left = (this.#open.get(address) ?? 1) - 1;
      if (left > 0) this.#open.set(address, left);
      else this.#open.delete(address);
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
    // The client sees fewer bytes than were announced.
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

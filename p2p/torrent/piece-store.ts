/**
 * Gives the files of one torrent to WebTorrent as the pieces that it reads and writes (the abstract-chunk-store
 * interface). It writes only inside its directory, never through a symbolic link, and never stores padding.
 */
import { constants } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Layout, type PieceSpan, pieceSpans } from "./layout.ts";

type Callback<T> = (error: Error | null, value?: T) => void;
interface Range {
  readonly offset?: number;
  readonly length?: number;
}

const NEW_FILE_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;

export class PieceStore {
  readonly chunkLength: number;
  readonly #directory: string;
  readonly #spans: readonly PieceSpan[];
  #closed = false;

  constructor(directory: string, layout: Layout) {
    this.chunkLength = layout.pieceLength;
    this.#directory = directory;
    this.#spans = pieceSpans(layout);
  }

  get(piece: number, range: Range | Callback<Uint8Array> | undefined, done?: Callback<Uint8Array>) {
    const callback = typeof range === "function" ? range : done;
    const wanted = typeof range === "function" ? undefined : range;
    settle(this.#read(piece, wanted ?? {}), callback);
  }

  put(piece: number, bytes: Uint8Array, done?: Callback<undefined>): void {
    settle(this.#write(piece, bytes), done);
  }

  close(done?: Callback<undefined>): void {
    this.#closed = true;
    settle(Promise.resolve(undefined), done);
  }

  /** The files stay: they belong to the caller that named the directory. */
  destroy(done?: Callback<undefined>): void {
    this.close(done);
  }

  async #read(piece: number, range: Range): Promise<Uint8Array> {
    const span = this.#span(piece);
    const start = range.offset ?? 0;
    const length = range.length ?? span.pieceLength - start;
    if (start < 0 || length < 0 || start + length > span.pieceLength) {
      throw new RangeError(`piece ${piece}: bytes ${start} to ${start + length}`);
    }
    const bytes = new Uint8Array(length);
    const stored = Math.max(0, Math.min(length, span.length - start));
    const file = await open(join(this.#directory, span.path), constants.O_RDONLY);
    try {
      const { bytesRead } = await file.read(bytes, 0, stored, span.offset + start);
      if (bytesRead !== stored) throw new Error(`${span.path} is shorter than in the torrent`);
    } finally {
      await file.close();
    }
    return bytes;
  }

  async #write(piece: number, bytes: Uint8Array): Promise<undefined> {
    const span = this.#span(piece);
    if (bytes.length !== span.pieceLength) throw new RangeError(`piece ${piece}: wrong length`);
    const path = join(this.#directory, span.path);
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, NEW_FILE_FLAGS, 0o644);
    try {
      await file.write(bytes, 0, span.length, span.offset);
    } finally {
      await file.close();
    }
  }

  #span(piece: number): PieceSpan {
    const span = this.#spans[piece];
    if (this.#closed || span === undefined)
      throw new Error(`piece ${piece}: store closed or no such`);
    return span;
  }
}

function settle<T>(work: Promise<T>, done: Callback<T> | undefined): void {
  work.then(
    (value) => done?.(null, value),
    (error: unknown) => done?.(error instanceof Error ? error : new Error(String(error))),
  );
}

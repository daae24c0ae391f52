/**
 * Uploads files to a node and follows their import: pieces that can be resumed after a broken connection, then a task.
 * It always ends with a dataset or a reason.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { z } from "zod";
import type { CsvFields } from "../datasets/csv-form.ts";
import { reasonOf } from "../reason.ts";
import { ApiError, errorOfProblem } from "./api-error.ts";
import type { DatasetJson } from "./contract/dataset.ts";
import { TaskJson } from "./contract/task.ts";
import { UploadJson } from "./contract/upload.ts";

export interface ImportFiles {
  /** CSV. */
  readonly file?: Uint8Array | undefined;
  /** IDX, plain or gzip. */
  readonly images?: Uint8Array | undefined;
  readonly labels?: Uint8Array | undefined;
  readonly testImages?: Uint8Array | undefined;
  readonly testLabels?: Uint8Array | undefined;
}

export interface ImportOptions {
  /**
   * @param step what is being done now;
   * @param done 0 to 1 of this step
   */
  readonly onProgress?: (step: string, done: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The part of a client that this needs: one exchange with a JSON answer. */
export type Send = <T>(
  path: string,
  schema: z.ZodType<T>,
  options: {
    readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
    readonly body?: string | Uint8Array<ArrayBuffer>;
    readonly headers?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal | undefined;
    readonly timeoutMs?: number;
  },
) => Promise<T>;

const PIECE_BYTES = 4 * 1024 * 1024;
/** For one piece: a slow connection may take long, a dead one is detected by its silence. */
const PIECE_MS = 300_000;
/** After so many failures in a row an upload is given up; a piece that arrives resets the count. */
const MAX_FAILURES = 8;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;
const LONGEST_POLL_MS = 1000;
/** Codes and answers of temporary problems of the connection or the node. */
const PASSING_CODES = new Set(["INCOMPLETE_BODY", "UPLOAD_TAKEN_OVER", "WRONG_OFFSET"]);
const PASSING_STATUSES = new Set([0, 408, 429, 502, 503, 504]);

/** @throws ApiError with the node's reason */
export async function importFiles(
  send: Send,
  order: { readonly name: string } & CsvFields,
  files: ImportFiles,
  options: ImportOptions = {},
): Promise<DatasetJson> {
  const given = Object.entries(files).filter(
    (entry): entry is [string, Uint8Array] => entry[1] !== undefined,
  );
  const total = given.reduce((sum, [, bytes]) => sum + bytes.length, 0);
  const ids: Record<string, string> = {};
  let sent = 0;
  try {
    for (const [field, bytes] of given) {
      const before = sent;
      ids[field] = await uploadBytes(send, bytes, options, (offset) => {
        options.onProgress?.("upload", (before + offset) / Math.max(total, 1));
      });
      sent += bytes.length;
    }
    const task = await send("/v1/datasets", TaskJson, {
      method: "POST",
      body: JSON.stringify({ ...order, ...ids }),
      headers: { "content-type": "application/json", prefer: "respond-async" },
      signal: options.signal,
    });
    return await followImport(send, task, options).catch(async (error: unknown) => {
      if (options.signal?.aborted === true) {
        await send(`/v1/tasks/${task.id}`, TaskJson, { method: "DELETE" }).catch(() => undefined);
      }
      throw error;
    });
  } catch (error) {
    // They would only wait until they expire, so a failure to remove them does not matter.
    for (const id of Object.values(ids)) {
      await send(`/v1/uploads/${id}`, UploadJson, { method: "DELETE" }).catch(() => undefined);
    }
    throw error;
  }
}

/** @returns the id of the complete upload */
async function uploadBytes(
  send: Send,
  bytes: Uint8Array,
  { signal }: ImportOptions,
  onOffset: (offset: number) => void,
): Promise<string> {
  const { id } = await send("/v1/uploads", UploadJson, {
    method: "POST",
    body: JSON.stringify({ bytes: bytes.length }),
    headers: { "content-type": "application/json" },
    signal,
  });
  const path = `/v1/uploads/${id}`;
  let offset = 0;
  for (let failures = 0; offset < bytes.length; onOffset(offset)) {
    try {
      const upload = await send(path, UploadJson, {
        method: "PATCH",
        body: new Uint8Array(bytes.subarray(offset, offset + PIECE_BYTES)),
        headers: {
          "content-type": "application/offset+octet-stream",
          "upload-offset": String(offset),
        },
        signal,
        timeoutMs: PIECE_MS,
      });
      offset = upload.offset;
      failures = 0;
    } catch (error) {
      if (!isPassing(error) || ++failures > MAX_FAILURES || signal?.aborted === true) throw error;
      await pause(failures, signal);
      const found = await send(path, UploadJson, { signal }).catch((cause: unknown) => {
        if (isPassing(cause)) return undefined;
        throw cause;
      });
      offset = found?.offset ?? offset;
    }
  }
  return id;
}

async function followImport(
  send: Send,
  started: TaskJson,
  { onProgress, signal }: ImportOptions,
): Promise<DatasetJson> {
  let task = started;
  let failures = 0;
  for (let pauseMs = 50; ; pauseMs = Math.min(2 * pauseMs, LONGEST_POLL_MS)) {
    onProgress?.(task.step, task.progress);
    if (task.dataset !== undefined) return task.dataset;
    if (task.problem !== undefined) throw errorOfProblem(task.problem);
    await wait(pauseMs, signal);
    try {
      task = await send(`/v1/tasks/${task.id}`, TaskJson, { signal });
      failures = 0;
    } catch (error) {
      if (!isPassing(error) || ++failures > MAX_FAILURES || signal?.aborted === true) throw error;
      await pause(failures, signal);
    }
  }
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return PASSING_STATUSES.has(error.status) || PASSING_CODES.has(error.code);
}

async function pause(failures: number, signal: AbortSignal | undefined): Promise<void> {
  await wait(Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS), signal);
}

async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch (cause) {
    throw new ApiError(
      `the import was not waited for: ${reasonOf(cause)}`,
      { code: "TIMEOUT", status: 0 },
      { cause, remedy: "GET /v1/tasks lists the imports of the node" },
    );
  }
}

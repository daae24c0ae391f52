/**
 * Loaded before everything else in the worker processes of the benchmark, and in their threads that search: notes when a
 * find was made, when a search was told to stop, and when each call of the kernel ended. Notes are kept in memory while a
 * search runs, and written to the disk when it is over. Times are milliseconds of the machine's monotonic clock, which all
 * processes share.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { isMainThread, parentPort } from "node:worker_threads";
import { SharedState } from "../../../node/workers/kinds/search/thread-messages.ts";
import { type LinkNotes, monotonicMs, NOTES_FOLDER, type ThreadNotes } from "./notes.ts";

/** Calls that are remembered: minutes of them, where 16 threads share a core. */
const MOST_CALLS = 16_384;

const folder = process.env[NOTES_FOLDER];
if (folder !== undefined) {
  const path = join(folder, String(process.pid));
  if (isMainThread) await noteLink(path);
  else noteThread(path);
}

function write(path: string, notes: LinkNotes | ThreadNotes): void {
  appendFileSync(path, `${JSON.stringify(notes)}\n`);
}

function noteThread(path: string): void {
  let calls: [number, number][] = [];
  let foundAt: number | undefined;
  const { called } = SharedState.prototype;
  SharedState.prototype.called = function (hashes: number): void {
    calls.push([monotonicMs(), hashes]);
    if (calls.length > MOST_CALLS) throw new RangeError("a search too long to be noted");
    called.call(this, hashes);
  };
  const post = parentPort?.postMessage.bind(parentPort);
  if (parentPort === null || post === undefined) return;
  parentPort.postMessage = (message, transfer) => {
    if (message.kind === "find") foundAt ??= calls.at(-1)?.[0];
    if (message.kind === "over") {
      write(path, { of: "thread", foundAt, calls });
      calls = [];
      foundAt = undefined;
    }
    post(message, transfer);
  };
}

async function noteLink(path: string): Promise<void> {
  const { Channel } = await import("../../../node/workers/channel.ts");
  let sentAt: number | undefined;
  let toldAt: number | undefined;
  const { stop } = SharedState.prototype;
  SharedState.prototype.stop = function (): void {
    toldAt ??= monotonicMs();
    stop.call(this);
  };
  const { send } = Channel.prototype;
  Channel.prototype.send = function (message, payload): Promise<void> {
    const { type, name } = message as { type?: string; name?: string };
    if (type === "output" && name === "find") sentAt ??= monotonicMs();
    if (type === "done") {
      write(path, { of: "link", sentAt, toldAt });
      [sentAt, toldAt] = [undefined, undefined];
    }
    return send.call(this, message, payload);
  };
}

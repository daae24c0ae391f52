/**
 * Records that must outlive a crash, in a folder of their own: each life of the process writes a file of its own, so
 * nothing that was durable is ever written again. A record that a crash cut off is not read.
 */
import { join } from "node:path";
import { equalBytes, sha256 } from "../../../chain/crypto/hash.ts";
import type { Disk, DiskFile } from "../../disk.ts";

const LENGTH_BYTES = 4;
const CHECK_BYTES = 8;
const HEAD_BYTES = LENGTH_BYTES + CHECK_BYTES;

export class DurableLog {
  /** Number of this process among those that wrote the log, from 1. */
  readonly life: number;
  /** Undefined after a write failed: what it left of a record would hide those after it, so they go into a new file. */
  #file: DiskFile | undefined;
  #number: number;
  readonly #disk: Disk;
  readonly #folder: string;
  #waiting: Uint8Array[] = [];
  #writing: Promise<void> | undefined;
  #isNamed = false;
  #isClosed = false;

  private constructor(file: DiskFile, life: number, folder: string, disk: Disk) {
    this.life = life;
    this.#number = life;
    this.#file = file;
    this.#folder = folder;
    this.#disk = disk;
  }

  /** @returns the log, and what earlier lives wrote, in order */
  static async open(
    folder: string,
    disk: Disk,
  ): Promise<{ readonly log: DurableLog; readonly records: readonly Uint8Array[] }> {
    await disk.makeFolder(folder);
    const lives = (await disk.list(folder)).map(Number).filter(Number.isSafeInteger);
    lives.sort((a, b) => a - b);
    const records: Uint8Array[] = [];
    for (const life of lives) {
      records.push(...recordsOf(await disk.readFile(join(folder, String(life)))));
    }
    const life = (lives.at(-1) ?? 0) + 1;
    const file = await disk.open(join(folder, String(life)), "w");
    return { log: new DurableLog(file, life, folder, disk), records };
  }

  /** Resolves when the record is durable; several that come together are synced together, and fail together. */
  append(record: Uint8Array): Promise<void> {
    this.#waiting.push(framed(record));
    this.#writing ??= this.#write();
    return this.#writing;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#writing?.catch(() => {});
    await this.#file?.close();
  }

  async #opened(): Promise<DiskFile> {
    if (this.#file !== undefined) return this.#file;
    this.#isNamed = false;
    this.#file = await this.#disk.open(join(this.#folder, String(++this.#number)), "w");
    return this.#file;
  }

  async #write(): Promise<void> {
    // In the next turn: what is appended in this one goes along.
    await Promise.resolve();
    try {
      while (this.#waiting.length > 0) {
        const bytes = Buffer.concat(this.#waiting.splice(0));
        const file = await this.#opened();
        await file.writeFile(bytes);
        await file.datasync();
        if (!this.#isNamed) await this.#disk.syncFolder(this.#folder);
        this.#isNamed = true;
      }
    } catch (error) {
      const broken = this.#file;
      this.#file = undefined;
      // These were promised by the same write.
      this.#waiting = [];
      await broken?.close().catch(() => {});
      throw error;
    } finally {
      this.#writing = undefined;
    }
  }
}

function framed(record: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + record.length);
  new DataView(bytes.buffer).setUint32(0, record.length, true);
  bytes.set(sha256(record).subarray(0, CHECK_BYTES), LENGTH_BYTES);
  bytes.set(record, HEAD_BYTES);
  return bytes;
}

function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const length = view.getUint32(at, true);
    const from = at + HEAD_BYTES;
    if (from + length > bytes.length) break;
    const record = bytes.slice(from, from + length);
    const check = bytes.subarray(at + LENGTH_BYTES, from);
    if (!equalBytes(sha256(record).subarray(0, CHECK_BYTES), check)) break;
    records.push(record);
    at = from + length;
  }
  return records;
}

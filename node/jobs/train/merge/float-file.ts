/** Reads the values of a file on this disk stretch by stretch, so that no file of a merge is in memory as a whole. */
import { floatsOfBytes } from "../../../../ml/bytes.ts";
import type { Disk, DiskFile } from "../../../disk.ts";

/** Values of a stretch; 256 KiB. */
export const STRETCH = 65_536;
const FLOAT_BYTES = 4;

export class FloatFile {
  readonly size: number;
  readonly #file: DiskFile;
  readonly #start: number;
  /** As large as the largest read so far. */
  #bytes = new Uint8Array();

  private constructor(file: DiskFile, size: number, start: number) {
    this.#file = file;
    this.size = size;
    this.#start = start;
  }

  /** @param start where the values begin, in bytes */
  static async open(disk: Disk, path: string, start = 0): Promise<FloatFile> {
    const file = await disk.open(path, "r");
    return new FloatFile(file, (await file.stat()).size, start);
  }

  /** @returns bytes that the next read overwrites @throws Error when the file ends before */
  async bytes(from: number, count: number): Promise<Uint8Array> {
    const length = count * FLOAT_BYTES;
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(length);
    const wanted = this.#bytes.subarray(0, length);
    let filled = 0;
    while (filled < wanted.length) {
      const at = this.#start + from * FLOAT_BYTES + filled;
      const { bytesRead } = await this.#file.read(wanted, filled, wanted.length - filled, at);
      if (bytesRead === 0) throw new Error(`the file ends at byte ${at}`);
      filled += bytesRead;
    }
    return wanted;
  }

  /** @returns a copy */
  async values(from: number, count: number): Promise<Float32Array> {
    return floatsOfBytes(await this.bytes(from, count));
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

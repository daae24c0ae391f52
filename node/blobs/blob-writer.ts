/** Writes a blob to the disk; it becomes visible only when it is complete, synced and named by its hash. */
import { randomBytes } from "node:crypto";
import { type Disk, type DiskFile, systemDisk } from "../disk.ts";

export class BlobWriter {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: DiskFile;
  readonly #disk: Disk;

  private constructor(path: string, temporary: string, file: DiskFile, disk: Disk) {
    this.#disk = disk;
    this.#path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  /** @param path that the blob gets when it is complete */
  static async open(path: string, disk: Disk = systemDisk): Promise<BlobWriter> {
    const temporary = `${path}.${randomBytes(4).toString("hex")}.part`;
    return new BlobWriter(path, temporary, await disk.open(temporary, "w"), disk);
  }

  /** The caller may use the piece's memory again once it resolves. */
  async write(piece: Uint8Array): Promise<void> {
    let written = 0;
    while (written < piece.length) {
      const { bytesWritten } = await this.#file.write(piece, written);
      written += bytesWritten;
    }
  }

  /** The caller has verified that the bytes have the hash in the name. */
  async finish(): Promise<void> {
    try {
      await this.#file.datasync();
    } finally {
      await this.#file.close();
    }
    await this.#disk.rename(this.#temporary, this.#path);
  }

  async discard(): Promise<void> {
    await this.#file.close().catch(() => {});
    await this.#disk.remove(this.#temporary);
  }
}

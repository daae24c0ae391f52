/** A disk that a test can fill: a tmpfs of a few megabytes. Mounting takes root; `create` says so. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { isCode } from "../../node/wallet/secret-file.ts";

const run = promisify(execFile);

export class SmallDisk {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Undefined where nothing may be mounted. */
  static async create(megabytes: number): Promise<SmallDisk | undefined> {
    if (process.platform !== "linux" || process.getuid?.() !== 0) return undefined;
    const path = await mkdtemp(join(tmpdir(), "poml-disk-"));
    await run("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", path]);
    return new SmallDisk(path);
  }

  get #filler(): string {
    return join(this.path, "filler");
  }

  /** Leaves so many bytes free; others write at the same time, so 0 means: until nothing fits. */
  async fill(leave: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.path);
    const bytes = new Uint8Array(Math.max(0, bavail * bsize - leave));
    await writeFile(this.#filler, bytes).catch((error: unknown) => {
      if (leave > 0 || !isCode(error, "ENOSPC")) throw error;
    });
  }

  async release(): Promise<void> {
    await rm(this.#filler, { force: true });
  }

  async remove(): Promise<void> {
    await run("umount", ["-l", this.path]);
    await rm(this.path, { recursive: true, force: true });
  }
}

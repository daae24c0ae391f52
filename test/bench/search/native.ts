/**
 * What native code does on one core of this machine. Debian has no miner that can be measured offline, so it is openssl's
 * SHA-256, which uses the processor's own SHA instructions where there are any: a nonce of sha256d takes two runs of the
 * compression function when the blocks before it are hashed once, and long messages are little else.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface NativeReference {
  readonly what: string;
  /** Double SHA-256, null where there is nothing to measure. */
  readonly perSecond: number | null;
}

const BLOCK_BYTES = 64;
const LONG_BYTES = 16_384;
const LIMIT_MS = 60_000;

export async function nativeReference(quick: boolean): Promise<NativeReference> {
  const run = promisify(execFile);
  const options = { timeout: LIMIT_MS };
  const args = ["speed", "-seconds", quick ? "1" : "3", "-mr", "-bytes", `${LONG_BYTES}`];
  try {
    const { stdout } = await run("openssl", [...args, "-evp", "sha256"], options);
    const bytesPerSecond = Number(/^\+F:\d+:sha256:([\d.]+)$/m.exec(stdout)?.[1]);
    if (bytesPerSecond > 0) {
      const perSecond = Math.round(bytesPerSecond / BLOCK_BYTES / 2);
      return { what: "openssl speed, two blocks a nonce, processor time", perSecond };
    }
  } catch {
    // Not installed, or one that cannot measure.
  }
  return { what: "none: no openssl here", perSecond: null };
}

/** What the figures of a benchmark were made on; without it they say little. */
import { availableParallelism, cpus, loadavg } from "node:os";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { keyPairFromSeed, verifySync } from "../../../chain/crypto/keys.ts";

const VERIFICATIONS = 500;

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  /** Programs that wanted a processor in the last minute, this benchmark included. */
  readonly load: number;
  /** Ed25519 signatures verified per second of processor time on one core: most of what a transfer costs. */
  readonly verificationsPerSecond: number;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    node: process.version,
    load: Math.round(10 * (loadavg()[0] ?? 0)) / 10,
    verificationsPerSecond: verificationsPerSecond(),
  };
}

function verificationsPerSecond(): number {
  const keys = keyPairFromSeed(new Uint8Array(32));
  const message = sha256(keys.publicKey);
  const signature = keys.sign(message);
  const start = process.cpuUsage();
  for (let i = 0; i < VERIFICATIONS; i++) verifySync(keys.publicKey, message, signature);
  const { user, system } = process.cpuUsage(start);
  return Math.round((VERIFICATIONS * 1e6) / (user + system));
}

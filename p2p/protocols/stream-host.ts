import type { Log } from "../log.ts";
import type { Asking } from "./asking.ts";
import type { ByteStream } from "./stream.ts";

/** What a protocol needs of the host. */
export interface StreamHost {
  /** Where requests wait until the peer would admit them. */
  readonly asking: Asking;
  openStream(peer: string, protocol: string, signal: AbortSignal): Promise<ByteStream>;
  /** @param maxStreams of one peer at the same time */
  onStream(
    protocol: string,
    handler: (stream: ByteStream, peer: string) => Promise<void>,
    maxStreams: number,
  ): Promise<void>;
  report(peer: string, error: unknown): void;
  /** Monotonic milliseconds. */
  now(): number;
  readonly log: Log;
}

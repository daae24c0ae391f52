/** The errors of catching up, and which side is at fault. */
import { PomlError } from "../../chain/errors.ts";

export type SyncFacts =
  | { code: "BAD_BLOCKS"; height: number; reason: string }
  | { code: "CANNOT_FOLLOW"; height: number; reason: string };

export class SyncError extends PomlError<SyncFacts> {
  /** Proof that a peer invented what it sent: it is banned at once (p2p/peers/score.ts). */
  static badBlocks(height: number, reason: string, cause?: unknown): SyncError {
    return new SyncError(
      `block ${height} of a peer: ${reason}`,
      { code: "BAD_BLOCKS", height, reason },
      { action: "reject", cause },
    );
  }

  /** More than two thirds of the weight support a block that this program cannot apply. */
  static cannotFollow(height: number, reason: string, cause?: unknown): SyncError {
    return new SyncError(
      `block ${height} is final, but does not apply here: ${reason}`,
      { code: "CANNOT_FOLLOW", height, reason },
      { action: "local", remedy: "install the version of PoML that the network runs", cause },
    );
  }
}

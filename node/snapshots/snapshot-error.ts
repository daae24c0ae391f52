/** Why a snapshot, or its trusted block, is refused. */
import { type ErrorOptions, PomlError } from "../../chain/errors.ts";

export type SnapshotFacts =
  | { code: "BAD_SNAPSHOT"; reason: string }
  | { code: "NO_SNAPSHOT"; reason: string }
  | { code: "TRUST_MISMATCH"; height: number; trusted: string; found: string }
  | { code: "HISTORY_MISMATCH"; height: number; reason: string };

export class SnapshotError extends PomlError<SnapshotFacts> {
  /** The bytes are not the announced state; the peer that invented them is banned. */
  static bad(reason: string, cause?: unknown): SnapshotError {
    return new SnapshotError(`snapshot: ${reason}`, { code: "BAD_SNAPSHOT", reason }, { cause });
  }

  static none(reason: string, options: ErrorOptions = {}): SnapshotError {
    const facts = { code: "NO_SNAPSHOT", reason } as const;
    return new SnapshotError(reason, facts, { action: "local", ...options });
  }

  static trustMismatch(height: number, trusted: string, found: string): SnapshotError {
    return new SnapshotError(
      `block ${height} of this network is ${found}, not the trusted ${trusted}`,
      { code: "TRUST_MISMATCH", height, trusted, found },
      {
        action: "local",
        remedy:
          "copy height and hash again from a node you trust; if they are right, the peers this node found follow another chain",
      },
    );
  }

  /** The network's own history does not lead to the state that this node was told to trust. */
  static historyMismatch(height: number, reason: string, cause?: unknown): SnapshotError {
    return new SnapshotError(
      `the blocks from genesis do not lead to the snapshot this node started from: ${reason}`,
      { code: "HISTORY_MISMATCH", height, reason },
      {
        action: "local",
        remedy:
          "do not use this node's data: the trusted block or the network is false. Ask others for the hash of that height, then start with --resync and without --trust",
        cause,
      },
    );
  }
}

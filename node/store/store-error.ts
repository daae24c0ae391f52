/** What can be wrong with the data directory, and what its owner can do about it. */
import { PomlError } from "../../chain/errors.ts";

export type StoreFacts =
  | { code: "DAMAGED_STORE"; reason: string }
  | { code: "STORE_IN_USE"; path: string }
  | { code: "STORE_MISSING"; path: string }
  | { code: "UNREADABLE_STORE"; path: string; signal: string }
  | { code: "STORE_FORMAT"; known: number; found: string }
  | { code: "WRONG_GENESIS"; expected: string; actual: string }
  | { code: "DISK_FULL"; path: string }
  | { code: "NOT_UNDOABLE"; height: number }
  | { code: "NOT_REPAIRABLE" }
  | { code: "BLOCK_PRUNED"; height: number; lowest: number }
  | { code: "BLOCK_DAMAGED"; height: number };

const RESYNC =
  "start with --resync: the database is set aside and fetched again from peers (keys are not touched)";
const REPAIR = `run \`npx poml repair\`, which mends it from its own blocks; if that fails, ${RESYNC}`;

export class StoreError extends PomlError<StoreFacts> {
  static damaged(reason: string, cause?: unknown): StoreError {
    return new StoreError(
      `the chain database is damaged: ${reason}`,
      { code: "DAMAGED_STORE", reason },
      { action: "local", remedy: REPAIR, cause },
    );
  }

  static unreadable(path: string, signal: string): StoreError {
    return new StoreError(
      `the chain database at ${path} cannot be read: LevelDB ends the process (${signal})`,
      { code: "UNREADABLE_STORE", path, signal },
      { action: "local", remedy: RESYNC },
    );
  }

  static inUse(path: string, cause?: unknown): StoreError {
    return new StoreError(
      `the data directory ${path} is in use by another process`,
      { code: "STORE_IN_USE", path },
      {
        action: "local",
        remedy: "stop the other node, or give this one another --data-dir",
        cause,
      },
    );
  }

  static wrongGenesis(expected: string, actual: string): StoreError {
    return new StoreError(
      `the database belongs to chain ${actual}, the genesis file says ${expected}`,
      { code: "WRONG_GENESIS", expected, actual },
      { action: "local", remedy: "use the genesis file of that chain, or another --data-dir" },
    );
  }

  static missing(path: string): StoreError {
    return new StoreError(
      `no chain database at ${path}, although this directory had one`,
      { code: "STORE_MISSING", path },
      { action: "local", remedy: RESYNC },
    );
  }

  /** @param found the version in the marker file */
  static format(known: number, found: string): StoreError {
    const isNewer = Number(found) > known;
    return new StoreError(
      `the chain database has format ${found}, this version of PoML knows ${known}`,
      { code: "STORE_FORMAT", known, found },
      {
        action: "local",
        remedy: isNewer ? `run the newer version of PoML that wrote it, or ${RESYNC}` : RESYNC,
      },
    );
  }

  static diskFull(path: string, cause?: unknown): StoreError {
    return new StoreError(
      `no space left on the disk of ${path}`,
      { code: "DISK_FULL", path },
      { action: "local", remedy: "free some space; a running node resumes by itself", cause },
    );
  }

  static notRepairable(): StoreError {
    return new StoreError(
      "the state is damaged and cannot be replayed: the first blocks are not kept here",
      { code: "NOT_REPAIRABLE" },
      { action: "local", remedy: RESYNC },
    );
  }

  static notUndoable(height: number): StoreError {
    return new StoreError(
      `block ${height} cannot be taken back: what it changed is no longer kept`,
      { code: "NOT_UNDOABLE", height },
      { action: "local", remedy: RESYNC },
    );
  }

  static pruned(height: number, lowest: number): StoreError {
    return new StoreError(
      `block ${height} is not available here (pruned); the lowest kept is ${lowest}`,
      { code: "BLOCK_PRUNED", height, lowest },
      { action: "local", remedy: "ask a node that keeps all blocks (pruning.keepBlocks = 0)" },
    );
  }

  static blockDamaged(height: number, cause: unknown): StoreError {
    return new StoreError(
      `block ${height} is damaged on this node's disk and is being fetched from peers`,
      { code: "BLOCK_DAMAGED", height },
      { action: "local", remedy: "ask again in a moment, or ask another node", cause },
    );
  }
}

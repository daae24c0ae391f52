/** What can be wrong with the data directory, and what its owner can do about it. */
import { PomlError } from "../../chain/errors.ts";

export type StoreFacts =
  | { code: "DAMAGED_STORE"; reason: string }
  | { code: "STORE_IN_USE"; path: string }
  | { code: "STORE_MISSING"; path: string }
  | { code: "WRONG_GENESIS"; expected: string; actual: string }
  | { code: "DISK_FULL"; path: string };

const RESYNC =
  "start with --resync: the database is set aside and fetched again from peers (keys are not touched)";

export class StoreError extends PomlError<StoreFacts> {
  static damaged(reason: string, cause?: unknown): StoreError {
    return new StoreError(
      `the chain database is damaged: ${reason}`,
      { code: "DAMAGED_STORE", reason },
      { action: "local", remedy: RESYNC, cause },
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
      `no chain database at ${path}, though this directory had one`,
      { code: "STORE_MISSING", path },
      { action: "local", remedy: RESYNC },
    );
  }
}

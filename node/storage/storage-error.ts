/** Why files of jobs are not accepted now. */
import { PomlError } from "../../chain/errors.ts";
import type { StorageKind } from "./kinds.ts";

export interface StorageFacts {
  readonly code: "JOB_DISK_FULL";
  readonly kind: StorageKind;
  readonly askedBytes: number;
  readonly freeBytes: number;
  /** The setting that causes the refusal. */
  readonly setting: string;
}

export class StorageError extends PomlError<StorageFacts> {
  /** With these bytes the disk would have less room than files of jobs must leave to the chain. */
  static low(
    { kind, askedBytes, freeBytes, heldBytes }: Asked & { readonly heldBytes: number },
    { minFreeBytes, setting }: { readonly minFreeBytes: number; readonly setting: string },
  ): StorageError {
    const held =
      mebibytes(heldBytes) === 0 ? "" : `, ${mebibytes(heldBytes)} MiB of them promised already`;
    return new StorageError(
      `no room for files of jobs: ${mebibytes(askedBytes)} MiB asked for ${kind}; ${mebibytes(freeBytes)} MiB are free${held}, and ${mebibytes(minFreeBytes)} MiB stay free (${setting})`,
      { code: "JOB_DISK_FULL", kind, askedBytes, freeBytes, setting },
      {
        action: "local",
        remedy: `make room on the disk, or lower ${setting}; \`npx poml storage\` shows the files`,
      },
    );
  }

  /** The files that cannot be removed, together with the requested ones, exceed the quota of their kind. */
  static overQuota(
    { kind, askedBytes, freeBytes }: Asked,
    { usedBytes, quotaBytes }: { readonly usedBytes: number; readonly quotaBytes: number },
  ): StorageError {
    const setting = `quota.${kind}Mib`;
    return new StorageError(
      `no room for files of jobs: ${mebibytes(askedBytes)} MiB asked for ${kind}, which take ${mebibytes(usedBytes)} of ${mebibytes(quotaBytes)} MiB (${setting})`,
      { code: "JOB_DISK_FULL", kind, askedBytes, freeBytes, setting },
      {
        action: "local",
        remedy: `wait until open jobs are settled, or raise ${setting}; \`npx poml storage\` shows the files`,
      },
    );
  }
}

interface Asked {
  readonly kind: StorageKind;
  readonly askedBytes: number;
  readonly freeBytes: number;
}

/** With one decimal. */
export function mebibytes(bytes: number): number {
  return Math.round((10 * bytes) / (1024 * 1024)) / 10;
}

/** Why files of jobs are not taken now. */
import { PomlError } from "../../chain/errors.ts";
import type { StorageKind } from "./kinds.ts";

export interface StorageFacts {
  readonly code: "JOB_DISK_FULL";
  readonly kind: StorageKind;
  readonly askedBytes: number;
  readonly freeBytes: number;
  /** The setting that forbids it. */
  readonly setting: string;
}

export class StorageError extends PomlError<StorageFacts> {
  /** Taking the bytes would leave less on the disk than job files leave to the chain. */
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
        remedy: `make room on the disk, or lower ${setting}; \`npx poml storage\` shows what lies there`,
      },
    );
  }

  /** The files that may not go, and the asked ones, are more than the quota of their kind. */
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
        remedy: `wait until open jobs are settled, or raise ${setting}; \`npx poml storage\` shows what lies there`,
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

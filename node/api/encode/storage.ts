import type { StorageReport } from "../../storage/report.ts";
import type { KeptFile } from "../../storage/retention-plan.ts";
import type { StorageJson } from "../contract/storage.ts";

export function storageJson({ kinds, deletions, ...rest }: StorageReport): StorageJson {
  return {
    ...rest,
    kinds: kinds.map(({ oldest, ...counts }) => ({
      ...counts,
      ...(oldest === undefined ? {} : { oldest: keptJson(oldest) }),
    })),
    deletions: deletions.map(({ job, ...deletion }) => ({
      ...deletion,
      ...(job === undefined ? {} : { job }),
    })),
  };
}

function keptJson({ name, touchedAt, until, job }: KeptFile) {
  return {
    name,
    touchedAt: Math.round(touchedAt),
    ...(until === undefined ? {} : { until: Math.round(until) }),
    ...(job === undefined ? {} : { job }),
  };
}

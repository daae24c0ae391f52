/**
 * RAPL through the powercap interface of Linux (Documentation/power/powercap). Only whole packages
 * are summed: core, uncore and dram are parts of them, psys contains them. Since CVE-2020-8694 the
 * counters are readable by root only, and most virtual machines have none.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { EnergyCounter } from "./counter.ts";
import { readNumber, readText } from "./sysfs.ts";

/** RAPL does not cover the power supply, graphics cards, and some of the memory. */
const UNCERTAINTY = 0.3;
const PACKAGE = /^intel-rapl:\d+$/;

interface Package {
  readonly path: string;
  /** Microjoules at which the counter wraps around. */
  readonly range: bigint;
}

/** @returns undefined if there are no readable counters */
export async function openRapl(sysfs: string): Promise<EnergyCounter | undefined> {
  const root = join(sysfs, "class", "powercap");
  const packages: Package[] = [];
  for (const name of (await readdir(root).catch(() => [])).filter((each) => PACKAGE.test(each))) {
    const path = join(root, name);
    const range = await readNumber(join(path, "max_energy_range_uj"));
    const isPackage = (await readText(join(path, "name")))?.startsWith("package") === true;
    const isReadable = (await readNumber(join(path, "energy_uj"))) !== undefined;
    if (isPackage && isReadable && range !== undefined) packages.push({ path, range });
  }
  if (packages.length === 0) return undefined;
  const totals = packages.map(() => ({ last: undefined as bigint | undefined, sum: 0n }));
  return {
    source: "rapl",
    uncertainty: UNCERTAINTY,
    async read() {
      for (const [i, { path, range }] of packages.entries()) {
        const now = await readNumber(join(path, "energy_uj"));
        const total = totals[i];
        if (now === undefined || total === undefined) return undefined;
        const { last = now } = total;
        total.sum += now >= last ? now - last : now + range - last;
        total.last = now;
      }
      return totals.reduce((sum, total) => sum + total.sum, 0n) / 1000n;
    },
  };
}

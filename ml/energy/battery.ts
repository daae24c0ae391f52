/** The energy taken from the battery of a machine that runs on it (Linux power_supply class). */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { EnergyCounter } from "./counter.ts";
import { readNumber, readText } from "./sysfs.ts";

/** The battery reports coarse steps, and measures the whole machine with its screen. */
const UNCERTAINTY = 0.3;
const MICROWATT_HOUR_IN_MILLIJOULES = 3600n;

/** @returns undefined unless a battery is discharging and reports its energy */
export async function openBattery(sysfs: string): Promise<EnergyCounter | undefined> {
  const root = join(sysfs, "class", "power_supply");
  for (const name of await readdir(root).catch(() => [])) {
    const path = join(root, name);
    const left = (): Promise<bigint | undefined> => remaining(path);
    if ((await left()) === undefined) continue;
    return {
      source: "battery",
      uncertainty: UNCERTAINTY,
      async read() {
        const microwattHours = await left();
        if (microwattHours === undefined) return undefined;
        // The battery counts downwards, but a total must grow.
        return ((FULL - microwattHours) * MICROWATT_HOUR_IN_MILLIJOULES) / 1000n;
      },
    };
  }
  return undefined;
}

/** More than any battery holds, in microwatt-hours. */
const FULL = 10n ** 15n;

async function remaining(path: string): Promise<bigint | undefined> {
  if ((await readText(join(path, "type"))) !== "Battery") return undefined;
  if ((await readText(join(path, "status"))) !== "Discharging") return undefined;
  return readNumber(join(path, "energy_now"));
}

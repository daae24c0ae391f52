/** What a search finds, beside what looking at every unit in turn finds. */
import { hashOf, simulateWorld, type WorldPlan } from "./world.ts";

/** @returns what does not hold in a small job of this seed */
export function modeFindings(seed: number): string[] {
  const mode = (["first", "all", "best"] as const)[seed % 3] ?? "all";
  const units = 20 + (seed % 40);
  const values = Array.from({ length: units }, (_, unit) => hashOf(seed, unit));
  // Every seventh job has nothing to find.
  const smallest = Math.min(...values);
  const target = seed % 7 === 0 ? 0 : mode === "all" ? 2 ** 32 / 8 : smallest + 1;
  const plan: WorldPlan = {
    seed,
    units,
    team: 3,
    lanes: [2, 2],
    rate: 0.02,
    redundancy: 0,
    mode,
    target,
  };
  const { findings, finds, open } = simulateWorld(plan);
  const wanted = [...values.keys()].filter((unit) => (values[unit] ?? 0) < target);
  const all = [...findings];
  if (finds.join() !== wanted.join()) all.push(`${mode} finds ${finds}, not ${wanted}`);
  if (open > 0 && (mode !== "first" || wanted.length === 0)) all.push(`${open} units are left`);
  return all;
}

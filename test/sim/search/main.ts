/** The simulations of searches, as `npm run sim -- search` runs them. */
import { compare } from "./compare.ts";
import { simulateFleet } from "./fleet.ts";
import { randomHistory } from "./histories.ts";
import { modeFindings } from "./modes.ts";
import { simulateTeam } from "./team-faults.ts";
import { type Role, simulateWorld, type WorldPlan } from "./world.ts";

const HISTORIES_A_SEED = 100;
const FLEET = {
  lanes: 1_000,
  fastest: 1_000,
  rttMs: [5, 300],
  churn: 0.05,
  bareMs: 60_000,
} as const;
const EFFICIENCY = 0.9;
const IDLE_MS = 2_000;
const ROLES: readonly Role[] = ["manager", "sub-manager", "worker"];
/** A kill may cost so many of the largest leases. */
const LOST_LEASES = 2;
export const KILLED_PLAN: WorldPlan = {
  seed: 1,
  units: 1_500,
  team: 3,
  lanes: [2, 2, 2],
  rate: 0.005,
  redundancy: 0,
  mode: "all",
  target: 0,
};

/** Four levels: lanes stand under the manager, under a sub-manager, under two below that one, and under one of those. */
export const DEEP_PLAN: WorldPlan = {
  ...KILLED_PLAN,
  lanes: [1, 1, 2, 2, 2],
  under: [0, 1, 1, 3],
};

export interface KillFindings {
  readonly findings: readonly string[];
  readonly kills: number;
  /** Units hashed beyond what the calm run hashes, in leases. */
  readonly mostLeases: number;
}

/** Kills each role at every `stride`-th point of the protocol, from `first` on. */
export function killEverywhere(stride: number, first = 1, plan = KILLED_PLAN): KillFindings {
  const calm = simulateWorld(plan);
  const findings: string[] = [];
  let kills = 0;
  let mostLeases = 0;
  for (const role of ROLES) {
    for (let point = first; point <= calm.points[role]; point += stride) {
      const run = simulateWorld({ ...plan, kill: { role, point } });
      const leases = (run.extra - calm.extra) / Math.max(calm.largest, run.largest);
      kills++;
      mostLeases = Math.max(mostLeases, leases);
      const wrong = [...run.findings];
      if (run.open > 0) wrong.push(`${run.open} units are left`);
      if (leases > LOST_LEASES) wrong.push(`${leases.toFixed(1)} leases are searched again`);
      findings.push(...wrong.map((finding) => `${role} killed at ${point}: ${finding}`));
    }
  }
  return { findings, kills, mostLeases };
}

export interface SearchOptions {
  readonly from: number;
  readonly count: number;
  readonly say: (line: string) => void;
}

/** @returns whether all holds */
export function simulateSearches({ from, count, say }: SearchOptions): boolean {
  const bad: string[] = [];
  const each = (what: string, look: (seed: number) => readonly string[]): void => {
    const begin = performance.now();
    const before = bad.length;
    for (let seed = from; seed < from + count; seed++) {
      for (const finding of look(seed)) bad.push(`${what}, seed ${seed}: ${finding}`);
    }
    const seconds = ((performance.now() - begin) / 1_000).toFixed(1);
    say(`${what}: ${count} seeds in ${seconds} s, ${bad.length - before} findings`);
  };
  each(`${HISTORIES_A_SEED} histories of leases a seed`, (seed) =>
    Array.from({ length: HISTORIES_A_SEED }, (_, i) =>
      randomHistory(seed * HISTORIES_A_SEED + i),
    ).flatMap(({ findings }) => findings),
  );
  each("teams with faults", (seed) => simulateTeam(seed).findings);
  each("teams with a manager that writes two logs", (seed) => simulateTeam(seed, true).findings);
  each("first, all and best beside a referee", modeFindings);
  let least = 1;
  each("1,000 lanes for a minute", (seed) => {
    const { isCovered, efficiency, longestIdleMs } = simulateFleet({ ...FLEET, seed });
    least = Math.min(least, efficiency);
    const wrong: string[] = [];
    if (!isCovered) wrong.push("not all is covered once");
    if (efficiency < EFFICIENCY) wrong.push(`efficiency ${efficiency.toFixed(3)}`);
    if (longestIdleMs > IDLE_MS) wrong.push(`a lane idle for ${Math.round(longestIdleMs)} ms`);
    return wrong;
  });
  say(`least efficiency ${least.toFixed(3)}`);
  const stride = Math.max(1, Math.round(6_000 / count));
  for (const plan of [KILLED_PLAN, DEEP_PLAN]) {
    const { findings, kills, mostLeases } = killEverywhere(stride, 1 + (from % stride), plan);
    bad.push(...findings);
    const levels = plan === DEEP_PLAN ? "deep" : "flat";
    say(`${levels} tree, ${kills} kills: at most ${mostLeases.toFixed(2)} leases searched again`);
  }
  for (const keeps of [false, true]) {
    const { leases, chunks } = compare(from, keeps, 1);
    const chunk = `${Math.round(chunks.tookMs / 1_000)} s, ${(100 * chunks.wasted).toFixed(1)} % wasted`;
    const lease = `${Math.round(leases.tookMs / 1_000)} s, ${(100 * leases.wasted).toFixed(1)} % wasted`;
    say(
      `2^30 nonces, leases: ${lease}; chunks of 600 s ${keeps ? "with" : "without"} reports: ${chunk}`,
    );
  }
  for (const line of bad) say(line);
  return bad.length === 0;
}

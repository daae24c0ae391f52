/** Brings a desk to where a log of leases ends; how fast lanes are follows from it. */
import { type LaneRow, laneAimMs, newRun, type Run } from "./desk-lanes.ts";
import type { DeskParts } from "./desk-reports.ts";
import { sizeOf } from "./span.ts";
import type { CutStep, GrantStep, Holder, LeaseStep, PartStep, ProgressStep } from "./step.ts";
import { BEAT_MS, MANAGER_MISSES } from "./timing.ts";

/** A step of the log, and when it was written: milliseconds since the round began. */
export interface PastStep {
  readonly step: LeaseStep;
  readonly at: number;
}

/**
 * @param isServed holders that have their leases from this desk
 * @throws LeaseStepError for a log that no table takes
 */
export function replay(
  parts: DeskParts,
  log: readonly PastStep[],
  now: number,
  isServed: (holder: Holder) => boolean,
): void {
  const { lanes, table } = parts;
  for (const lease of table.carried) if (isServed(lease)) resume(parts, lease, now);
  const offset = now - (log.at(-1)?.at ?? 0);
  for (const { step, at } of log) take(parts, step, at + offset);
  for (const run of lanes.runs) {
    // Also of one that was queued: its holder may have done it while nobody managed.
    run.isResumed = true;
    if (run.startedAt !== undefined) run.startedAt = now;
  }
  // Lanes need as long to miss the manager before, and then to find this one.
  for (const lane of lanes.all) lane.heardAt = now + MANAGER_MISSES * BEAT_MS;
}

function take(parts: DeskParts, step: LeaseStep, now: number): void {
  switch (step.kind) {
    case "grant":
    case "race":
    case "repeat":
    case "pass":
      begin(parts, step, now);
      return;
    case "progress":
    case "part":
    case "cut":
      advance(parts, step, now);
      return;
    case "find":
    case "takeover":
    case "close":
    case "turn":
    case "begin":
      parts.table.apply(step);
      return;
    default:
      step satisfies never;
  }
}

function begin(parts: DeskParts, step: GrantStep, now: number): void {
  parts.table.apply(step);
  resume(parts, step, now);
}

/** @param step a lease that was granted, in this round or before it turned to it */
function resume({ lanes, steps, table }: DeskParts, step: GrantStep, now: number): void {
  const lane: LaneRow = lanes.of({ node: step.node, lane: step.lane }, now);
  const aimMs = laneAimMs(lane, steps.scheduleMs);
  const copies = step.kind === "race" ? table.open.within(step)[0]?.lease : undefined;
  const run: Run = newRun(lane, step, { isFull: step.kind === "grant", aimMs, copies });
  if (lane.runs.length === 0) run.startedAt = now;
  lanes.begin(run);
}

function advance(
  { table, lanes }: DeskParts,
  step: ProgressStep | PartStep | CutStep,
  now: number,
): void {
  const won = table.apply(step);
  const lease = table.lease(step.lease);
  const run = lanes.run(step.lease);
  if (lease === undefined || run === undefined) return;
  if (step.kind === "part") {
    run.lane.delivered += sizeOf(won);
    // Units that others search for its holder: that is a sub-manager. How many lanes it has, its next ask says.
    if (step.node !== lease.node) run.lane.lanes = Math.max(2, run.lane.lanes);
  }
  run.at = Math.max(run.at, lease.at);
  if (!lease.isOver) return;
  const units = step.kind === "part" ? run.size : lease.at - lease.granted.from;
  lanes.end(step.lease, units, now);
}

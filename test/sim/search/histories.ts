/** Random histories of a lease table: grants, losses, late claims, copies, repeats, adopted leases, takeovers. */

import { LeaseStepError } from "../../../node/jobs/search/leases/lease-step-error.ts";
import { LeaseTable } from "../../../node/jobs/search/leases/lease-table.ts";
import { FREE } from "../../../node/jobs/search/leases/open-units.ts";
import { overlap, type Span, spansOf } from "../../../node/jobs/search/leases/span.ts";
import type { LeaseStep } from "../../../node/jobs/search/leases/step.ts";
import { Random } from "../random.ts";

const UNITS = 40;
const NODES = 4;
const STEPS = 24;

export interface History {
  /** What does not hold. */
  readonly findings: readonly string[];
  readonly taken: number;
  readonly refused: number;
  readonly isCovered: boolean;
}

export function randomHistory(seed: number): History {
  const random = new Random(seed);
  const whole = random.chance(0.5)
    ? [{ from: 0, to: UNITS }]
    : [
        { from: 0, to: 11 },
        { from: 15, to: UNITS },
      ];
  let table = new LeaseTable({ open: whole });
  const steps: LeaseStep[] = [];
  let refused = 0;
  for (let i = 0; i < STEPS; i++) {
    const step = randomStep(random, table);
    try {
      table.apply(step);
      steps.push(step);
    } catch (error) {
      if (!(error instanceof LeaseStepError)) throw error;
      refused++;
    }
    if (!random.chance(0.05)) continue;
    // Another manager reads the log and goes on.
    table = new LeaseTable({ open: whole });
    for (const past of steps) table.apply(past);
  }
  if (random.chance(0.5)) finish(table);
  const findings = findingsOf(table, whole);
  return { findings, taken: steps.length, refused, isCovered: table.open.size === 0 };
}

/** Whoever holds units searches them, and another all that are free. */
function finish(table: LeaseTable): void {
  for (const { lease, to, isOver } of table.leases) {
    if (!isOver) table.apply({ kind: "progress", lease, to });
  }
  for (const { from, to } of [...table.open.freePieces()]) {
    const lease = table.next;
    table.apply({ kind: "grant", lease, node: NODES, lane: 0, from, to });
    table.apply({ kind: "progress", lease, to });
  }
}

/** Verified units never overlap, and with the open ones they are the whole. */
export function findingsOf(table: LeaseTable, whole: readonly Span[]): string[] {
  const findings: string[] = [];
  const owned = table.owners().map((node) => table.owned(node));
  const firsts = owned.flatMap(({ first }) => first);
  const all = [...firsts, ...table.open.pieces];
  const sum = all.reduce((units, { from, to }) => units + to - from, 0);
  const wanted = whole.reduce((units, { from, to }) => units + to - from, 0);
  if (sum !== wanted || JSON.stringify(spansOf(all)) !== JSON.stringify(spansOf(whole))) {
    findings.push("verified and open units are not the whole, or overlap");
  }
  for (const { first, repeated } of owned) {
    if (overlap(first, repeated).length > 0) findings.push("a node repeats its own units");
  }
  const free = table.open.pieces.filter(({ lease }) => lease === FREE);
  if (free.reduce((units, { from, to }) => units + to - from, 0) !== table.open.free) {
    findings.push("free units are miscounted");
  }
  const open = table.open.pieces.reduce((units, { from, to }) => units + to - from, 0);
  if (open !== table.open.size) findings.push("open units are miscounted");
  return findings;
}

function randomStep(random: Random, table: LeaseTable): LeaseStep {
  const kind = random.pick([
    "grant",
    "grant",
    "grant",
    "race",
    "repeat",
    "pass",
    "progress",
    "progress",
    "progress",
    "part",
    "cut",
    "takeover",
  ] as const);
  const node = random.between(0, NODES - 1);
  const lease = random.between(1, Math.max(1, table.next - 1));
  const from = random.between(0, UNITS - 1);
  const to = Math.min(UNITS, from + random.between(1, 12));
  switch (kind) {
    case "grant": {
      const [piece] = table.open.freePieces();
      const next = { kind, lease: table.next, node, lane: 0 };
      if (piece === undefined || random.chance(0.1)) return { ...next, from, to };
      const size = random.between(1, 8);
      return { ...next, from: piece.from, to: Math.min(piece.to, piece.from + size) };
    }
    case "race":
    case "repeat":
    case "pass":
      return { kind, lease: table.next, node, lane: 0, from, to };
    case "part": {
      const { granted = { from, to } } = table.lease(lease) ?? {};
      return { kind, lease, node, lane: 0, from: granted.from, to: granted.to };
    }
    case "progress":
    case "cut": {
      const { at = 0, to: end = UNITS } = table.lease(lease) ?? {};
      return { kind, lease, to: random.between(at, end) };
    }
    case "takeover":
      return { kind };
    default:
      return kind satisfies never;
  }
}

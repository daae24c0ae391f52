/**
 * Paper 004: what is lost when one of five devices dies. The paper throws away what the children of a dead device have
 * done and computes a loss of 74 %; here what was acknowledged stays, whoever dies.
 */
import { blockTask, withoutFinds } from "./blocks.ts";
import { Fleet, type KilledResult, type Order } from "./fleet.ts";
import type { Part, PartOptions } from "./part.ts";

const DEVICES = 5;
const SHARE = 0.2;
const TEAM = [0, 1, 2] as const;
const UNIT_BITS = 16;
const UNIT = 2 ** UNIT_BITS;
const PACE = 5;
const LIMIT_MS = 300_000;
const VICTIMS = [
  { device: 4, what: "a device that only searches" },
  { device: 1, what: "a support manager" },
  { device: 0, what: "the active manager" },
] as const;

interface Row {
  readonly what: string;
  readonly atPercent: number;
  readonly result: KilledResult;
  /** Nonces. */
  readonly lost: number;
  readonly lease: number;
  readonly extra: number;
}

export async function loss({ quick }: PartOptions): Promise<Part> {
  const nonces = quick ? 8_000_000 : 32_000_000;
  const expectedMs = await undisturbedMs(nonces);
  const moments = quick ? [0.5] : [0.3, 0.7];
  const rows: Row[] = [];
  for (const share of moments) {
    for (const { device, what } of VICTIMS) {
      const fleet = await Fleet.start({ devices: DEVICES, share: SHARE });
      try {
        const kill = { device, afterMs: share * expectedMs };
        const result = await fleet.mineWithKill(orderOf(nonces), LIMIT_MS, kill);
        rows.push(rowOf({ what, atPercent: 100 * share, result }, device, nonces));
      } finally {
        fleet.stop();
      }
    }
  }
  const leasesLost = Math.max(...rows.map(({ lost, lease }) => lost / lease));
  const worst = Math.max(...rows.map(({ lost, result }) => lost / result.hashes));
  return {
    name: "loss",
    summary: {
      leasesLost: Number(leasesLost.toFixed(3)),
      lostPercent: Number((100 * worst).toFixed(2)),
      paperLostPercent: Number((100 * paperLoss(DEVICES, 2 ** 32, 125_000)).toFixed(1)),
    },
    tables: [
      {
        name: "loss of paper 004",
        head: [
          "killed",
          "at",
          "its hashes",
          "of them lost",
          "in leases",
          "of all hashes",
          "hashed twice in all",
        ],
        rows: rows.map(({ what, atPercent, result, lost, lease, extra }) => [
          what,
          `${atPercent} %`,
          count(result.killedHashes),
          count(lost),
          (lost / lease).toFixed(2),
          `${((100 * lost) / result.hashes).toFixed(2)} %`,
          `${((100 * extra) / nonces).toFixed(2)} %`,
        ]),
        note:
          `Five devices search ${count(nonces)} nonces to the end. Lost is what the dead one had hashed and no manager ` +
          "had acknowledged; in leases, of the lease that it held. Hashed twice also counts copies of leases near the end.",
      },
    ],
    figures: {},
  };
}

/** Sum over the levels of the tree, as the paper has it. */
function paperLoss(devices: number, space: number, capacity: number): number {
  const height = Math.floor(Math.log(space / capacity) / Math.log(devices));
  const levels = Array.from(
    { length: height },
    (_, index) => (devices - 1) ** index / devices ** (index + 1),
  );
  return levels.reduce((sum, level) => sum + level, 0);
}

async function undisturbedMs(nonces: number): Promise<number> {
  const fleet = await Fleet.start({ devices: DEVICES, share: SHARE });
  try {
    return (await fleet.mine(orderOf(nonces), LIMIT_MS)).ms;
  } finally {
    fleet.stop();
  }
}

function orderOf(nonces: number): Order {
  return {
    task: withoutFinds(blockTask(4, 1, 1)),
    manner: "together",
    miners: [0, 1, 2, 3, 4],
    team: TEAM,
    unitBits: UNIT_BITS,
    to: BigInt(nonces),
    pace: PACE,
  };
}

/** @throws Error where the log does not account for the whole range */
function rowOf(
  about: Pick<Row, "what" | "atPercent" | "result">,
  device: number,
  nonces: number,
): Row {
  const { log, killedHashes, hashes } = about.result;
  const lease = log?.leases.findLast((one) => one.device === device);
  if (log === undefined || lease === undefined)
    throw new Error(`no lease of ${about.what} in the log`);
  const units = log.searched.reduce((sum, one) => sum + one, 0);
  if (units !== Math.ceil(nonces / UNIT))
    throw new Error(`${units} units are searched, by the log`);
  const lost = Math.max(0, killedHashes - (log.searched[device] ?? 0) * UNIT);
  return { ...about, lost, lease: (lease.to - lease.from) * UNIT, extra: hashes - nonces };
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-GB");
}

/**
 * Figure 5 of paper 000: ten blocks, in the seventh of which the active manager is killed. With a team another manager
 * takes over; with a single manager (Hazari and Mahmoud) every node goes on by itself. A block whose end is luck would
 * measure luck, so a block here is a range of nonces that is searched to its end.
 */
import { blockTask, withoutFinds } from "./blocks.ts";
import { type NodesSize, pairsOnNodes } from "./failover-nodes.ts";
import { Fleet, type Order } from "./fleet.ts";
import type { Part, PartOptions } from "./part.ts";
import { type Estimate, estimate, ratioOfSums } from "./statistics.ts";

const DEVICES = 8;
const SHARE = 0.2;
const TEAM = [0, 1, 2] as const;
const ALL = [0, 1, 2, 3, 4, 5, 6, 7] as const;
/** As in the paper: who manages does not search. */
const WORKERS = ALL.slice(1);
const BLOCKS = 10;
const KILLED_BLOCK = 7;
const UNIT_BITS = 16;
const LIMIT_MS = 300_000;

interface Size {
  readonly nonces: bigint;
  /** Pairs of a block that nothing disturbs and one whose manager is killed half-way. */
  readonly pairs: number;
  readonly pace: number;
  /** Of the same with real nodes, whose clocks run as they are: long beside a takeover. */
  readonly nodes: NodesSize;
}

const FULL: Size = {
  nonces: 24_000_000n,
  pairs: 5,
  pace: 10,
  nodes: { nonces: 160_000_000, pairs: 3 },
};
const QUICK: Size = {
  nonces: 16_000_000n,
  pairs: 3,
  pace: 20,
  nodes: { nonces: 160_000_000, pairs: 1 },
};

export async function failover({ quick }: PartOptions): Promise<Part> {
  const size = quick ? QUICK : FULL;
  const nodes = await pairsOnNodes(size.nodes);
  const managed = await pairsOf(size, WORKERS);
  const searching = await pairsOf({ ...size, pairs: quick ? 1 : 3 }, ALL);
  const series = quick ? undefined : await tenBlocks(size);
  const rows = [
    { what: "real nodes", ...nodes },
    { what: "devices, the manager does not search", ...managed },
    { what: "devices, the manager searches too, an eighth of the work", ...searching },
  ];
  const takeover = estimate(nodes.takeovers.map((ms) => ms / 1000));
  return {
    name: "figure5",
    summary: {
      killedManagerRatio: rounded(nodes.ratio.mean),
      takeoverSeconds: rounded(takeover.mean),
      killedManagerRatioOnDevices: rounded(managed.ratio.mean),
      killedSearchingManagerRatioOnDevices: rounded(searching.ratio.mean),
    },
    tables: [
      {
        name: "figure 5 of paper 000",
        head: ["", "pairs", "undisturbed, s", "manager killed half-way, s", "ratio"],
        rows: rows.map(({ what, undisturbed, killed, ratio }) => [
          what,
          `${ratio.runs}`,
          secondsText(estimate(undisturbed)),
          secondsText(estimate(killed)),
          `${ratio.mean.toFixed(3)} ± ${ratio.spread.toFixed(3)}`,
        ]),
        note:
          `A block of the real nodes is ${numberText(size.nodes.nonces)} nonces, one of the devices ` +
          `${numberText(size.nonces)}. Means with 95 % intervals. Another real node managed ` +
          `${takeover.mean.toFixed(1)} ± ${takeover.spread.toFixed(1)} s after the kill.`,
      },
    ],
    figures: series === undefined ? {} : { "paper-000-figure-5": figureOf(series) },
  };
}

interface Pairs {
  readonly undisturbed: readonly number[];
  readonly killed: readonly number[];
  readonly ratio: Estimate;
}

async function pairsOf(
  { nonces, pairs, pace }: Omit<Size, "nodes">,
  miners: readonly number[],
): Promise<Pairs> {
  const undisturbed: number[] = [];
  const killed: number[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const order = orderOf({ nonces, pace }, miners, pair);
    const fleet = await Fleet.start({ devices: DEVICES, share: SHARE });
    try {
      const { ms } = await fleet.mine(order, LIMIT_MS);
      undisturbed.push(ms);
      killed.push((await fleet.mineWithKill(order, LIMIT_MS, { device: 0, afterMs: ms / 2 })).ms);
    } finally {
      fleet.stop();
    }
  }
  return { undisturbed, killed, ratio: ratioOfSums(killed, undisturbed) };
}

interface BlockSeries {
  readonly team: readonly number[];
  readonly single: readonly number[];
}

async function tenBlocks(size: Size): Promise<BlockSeries> {
  const team: number[] = [];
  const single: number[] = [];
  let fleet = await Fleet.start({ devices: DEVICES, share: SHARE });
  try {
    for (let block = 1; block <= BLOCKS; block++) {
      const ours = orderOf(size, WORKERS, block);
      const theirs: Order = { ...ours, team: TEAM.slice(0, 1) };
      if (block !== KILLED_BLOCK) {
        team.push((await fleet.mine(ours, LIMIT_MS)).ms);
        single.push((await fleet.mine(theirs, LIMIT_MS)).ms);
        continue;
      }
      const killAt = { device: 0, afterMs: (team.at(-1) ?? 0) / 2 };
      team.push((await fleet.mineWithKill(ours, LIMIT_MS, killAt)).ms);
      // Nobody hands out nonces any more: each of the seven searches all of the other half, as the paper has it.
      const rest: Order = { ...theirs, manner: "alone", team: [], to: size.nonces / 2n };
      single.push(killAt.afterMs + (await fleet.mine(rest, LIMIT_MS)).ms);
      fleet.stop();
      fleet = await Fleet.start({ devices: DEVICES, share: SHARE });
    }
  } finally {
    fleet.stop();
  }
  return { team, single };
}

function orderOf(
  { nonces, pace }: Pick<Size, "nonces" | "pace">,
  miners: readonly number[],
  height: number,
): Order {
  const task = withoutFinds(blockTask(5, height, 1));
  return { task, manner: "together", miners, team: TEAM, unitBits: UNIT_BITS, to: nonces, pace };
}

function figureOf({ team, single }: BlockSeries): Part["figures"][string] {
  return {
    title: `Block times when the manager is killed in block ${KILLED_BLOCK}`,
    kind: "lines",
    places: { label: "block", names: team.map((_, index) => `${index + 1}`) },
    values: { label: "seconds" },
    series: [
      { name: "a team of managers", values: team.map((ms) => ms / 1000) },
      { name: "a single manager, alone after it is gone", values: single.map((ms) => ms / 1000) },
    ],
  };
}

function secondsText({ mean, spread }: Estimate): string {
  return `${(mean / 1000).toFixed(2)} ± ${(spread / 1000).toFixed(2)}`;
}

function numberText(value: number | bigint): string {
  return value.toLocaleString("en-GB");
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}

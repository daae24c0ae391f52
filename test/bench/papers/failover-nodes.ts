/**
 * Figure 5 of paper 000 on real nodes: a network of `poml node` processes with one search after another, of which every
 * second one loses its active manager half-way. The lease service, the takeover after three missed beats and the chain
 * are the product's. As in the paper, the manager that dies does not search, and those that search live.
 */
import type { SearchOrder } from "../../../node/api/contract/jobs/search-order.ts";
import { followJob } from "../../../node/cli/job/follow.ts";
import { LiveSearch, openUnits, unitsOf } from "../../helpers/live-search.ts";
import { LocalNetwork, type LocalNode } from "../../helpers/local-network.ts";
import { until } from "../../helpers/until.ts";
import { type Estimate, ratioOfSums } from "./statistics.ts";

/** Of equal weight: one may be missing. */
const NODES = 5;
const PARTICIPANTS = 2;
const PHASE_SECONDS = 240;
const LIMIT_MS = 300_000;

export interface NodesSize {
  readonly nonces: number;
  /** Pairs of a search that nothing disturbs and one whose manager is killed half-way. */
  readonly pairs: number;
}

export interface NodesPairs {
  readonly nodes: number;
  readonly participants: number;
  /** From the first lease until the team's log has the whole range, in ms. */
  readonly undisturbed: readonly number[];
  readonly killed: readonly number[];
  /** From the kill until another member managed. */
  readonly takeovers: readonly number[];
  readonly ratio: Estimate;
}

interface Block {
  readonly ms: number;
  readonly takeoverMs: number | undefined;
}

export async function pairsOnNodes({ nonces, pairs }: NodesSize): Promise<NodesPairs> {
  // A newcomer's claims are replayed whole, which would keep both cores busy after each search.
  const net = await LocalNetwork.create({ nodes: NODES, parameters: { newcomerAudits: 0 } });
  const undisturbed: number[] = [];
  const killed: number[] = [];
  const takeovers: number[] = [];
  try {
    await net.start();
    // In turns, and each pair in the other order: a machine that gets busier must not look like a kill.
    for (let pair = 0; pair < pairs; pair++) {
      for (const isKill of pair % 2 === 0 ? [false, true] : [true, false]) {
        const name = `figure 5, pair ${pair}, ${isKill ? "killed" : "undisturbed"}`;
        const block = await searchBlock(net, orderOf(name, nonces), isKill);
        (isKill ? killed : undisturbed).push(block.ms);
        if (block.takeoverMs !== undefined) takeovers.push(block.takeoverMs);
      }
    }
  } finally {
    await net.stop();
  }
  const ratio = ratioOfSums(killed, undisturbed);
  return { nodes: NODES, participants: PARTICIPANTS, undisturbed, killed, takeovers, ratio };
}

function orderOf(prefix: string, to: number): SearchOrder {
  return {
    kind: "search",
    algorithm: "sha256d",
    prefix: Buffer.from(prefix).toString("hex"),
    zeroBits: 100,
    to,
    mode: "all",
    participants: PARTICIPANTS,
    quorum: PARTICIPANTS,
    teamSize: 3,
    phaseSeconds: PHASE_SECONDS,
  };
}

async function searchBlock(net: LocalNetwork, order: SearchOrder, isKill: boolean): Promise<Block> {
  const { search, manager } = await orderApart(net, order);
  const isBegun = await search.untilSeen("a lease", ({ live }) => live.leasedUnits > 0);
  const begin = performance.now();
  let takeoverMs: number | undefined;
  if (isKill) {
    const half = unitsOf(isBegun) / 2;
    await search.untilSeen("half of the work", (job) => openUnits(job) <= half);
    await manager.kill();
    const killedAt = performance.now();
    const isOther = ({ node }: { readonly node: number }): boolean =>
      node !== isBegun.live.manager?.node;
    await search.untilSeen(
      "another manager",
      ({ live }) => live.manager !== undefined && isOther(live.manager),
      manager,
    );
    takeoverMs = performance.now() - killedAt;
  }
  const victim = isKill ? manager : undefined;
  await search.untilSeen("the end", (job) => openUnits(job) === 0, victim);
  const ms = performance.now() - begin;
  const { client } = victim === undefined ? net.at(0) : net.witness(victim);
  const signal = AbortSignal.timeout(LIMIT_MS);
  const { outcome } = await followJob(client, search.id, { timeoutMs: LIMIT_MS, signal });
  if (outcome.state !== "done") throw new Error(`a search of figure 5 ended: ${outcome.reason}`);
  if (victim !== undefined) await back(net, victim);
  return { ms, takeoverMs };
}

/** Draws are the chain's: an order whose first manager was drawn to search, too, is taken back and given again. */
async function orderApart(
  net: LocalNetwork,
  order: SearchOrder,
): Promise<{ readonly search: LiveSearch; readonly manager: LocalNode }> {
  for (;;) {
    const search = await LiveSearch.order(net, order, LIMIT_MS);
    const { team, participants } = await search.untilDrawn();
    const [first] = team;
    if (!participants.some(({ node }) => node === first?.node)) {
      return { search, manager: net.named(first?.name ?? "") };
    }
    await search.cancel();
  }
}

/** Starts a killed node again, and waits until it has the blocks of the others. */
async function back(net: LocalNetwork, node: LocalNode): Promise<void> {
  const heightOf = async ({ client }: LocalNode): Promise<number> => (await client.status()).height;
  await node.start();
  const height = await heightOf(net.witness(node));
  await until(async () => (await heightOf(node)) >= height, LIMIT_MS, `blocks at ${node.name}`);
}

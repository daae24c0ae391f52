/** A search by real processes as the team sees it while it is under way. */
import { fromHex } from "../../chain/crypto/hash.ts";
import { payloadOf } from "../../chain/types/transaction.ts";
import { ApiError } from "../../node/api/api-error.ts";
import { ofKind } from "../../node/api/contract/jobs/job.ts";
import type { LiveSearchJson, SearchDetail } from "../../node/api/contract/jobs/search.ts";
import type { SearchOrder } from "../../node/api/contract/jobs/search-order.ts";
import { sendTransaction } from "../../node/cli/send.ts";
import type { LocalNetwork, LocalNode } from "./local-network.ts";
import { orderJob } from "./order-job.ts";
import { until } from "./until.ts";

/** A search of which a member of the team sees the round under way. */
export interface SeenSearch extends SearchDetail {
  readonly live: LiveSearchJson;
}

export class LiveSearch {
  readonly id: string;
  readonly #net: LocalNetwork;
  readonly #limitMs: number;

  private constructor(net: LocalNetwork, id: string, limitMs: number) {
    this.#net = net;
    this.id = id;
    this.#limitMs = limitMs;
  }

  /** @param limitMs for every wait */
  static async order(net: LocalNetwork, order: SearchOrder, limitMs: number): Promise<LiveSearch> {
    const { id } = await orderJob(net.at(0).client, net.client, order);
    return new LiveSearch(net, id, limitMs);
  }

  async seenBy({ client }: LocalNode): Promise<SearchDetail> {
    return ofKind("search", await client.job(this.id));
  }

  /** As some member of the team sees it that lives, other than `without`; undefined while none sees it. */
  async seen(without?: LocalNode): Promise<SeenSearch | undefined> {
    const witness = await answerOf(this.seenBy(this.#witness(without)));
    for (const { name } of witness?.team ?? []) {
      const member = this.#net.named(name ?? "");
      if (member === without || !member.isRunning) continue;
      const job = await answerOf(this.seenBy(member));
      if (job?.live?.seenBy === "team") return { ...job, live: job.live };
    }
    return undefined;
  }

  /** @throws Error where it does not come in time, or all is searched before it does */
  async untilSeen(
    what: string,
    isWanted: (job: SeenSearch) => boolean,
    without?: LocalNode,
  ): Promise<SeenSearch> {
    let seen: SeenSearch | undefined;
    const look = async (): Promise<boolean> => {
      seen = await this.seen(without);
      if (seen === undefined) return false;
      if (isWanted(seen)) return true;
      if (openUnits(seen) === 0) throw new Error(`all was searched before there was ${what}`);
      return false;
    };
    await until(look, this.#limitMs, what);
    if (seen === undefined) throw new TypeError(`nobody sees ${what}`);
    return seen;
  }

  /** Team and participants are drawn. */
  async untilDrawn(): Promise<SearchDetail> {
    let job: SearchDetail | undefined;
    const isDrawn = async (): Promise<boolean> => {
      job = await this.seenBy(this.#witness());
      return job.phase === "training";
    };
    await until(isDrawn, this.#limitMs, "the draw of a search");
    if (job === undefined) throw new TypeError("nobody knows the search");
    return job;
  }

  async cancel(): Promise<void> {
    const { client } = this.#witness();
    const cancelled = payloadOf("job-cancel", { job: fromHex(this.id) });
    const { id } = await sendTransaction(client, this.#net.client, cancelled);
    await client.waitForTransaction(id);
  }

  #witness(without?: LocalNode): LocalNode {
    return without === undefined ? this.#net.at(0) : this.#net.witness(without);
  }
}

/** A node on a machine that is busy with other things may be too slow to answer; it is asked again. */
async function answerOf<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ApiError && error.status === 0) return undefined;
    throw error;
  }
}

/** Of the whole range. */
export function unitsOf({ nonces, spec }: SearchDetail): number {
  return Math.ceil(Number(nonces) / 2 ** spec.unitBits);
}

/** Units that no record has, and the log of the round neither. */
export function openUnits(job: SeenSearch): number {
  const recorded = Math.floor(Number(job.searched) / 2 ** job.spec.unitBits);
  return Math.max(0, unitsOf(job) - recorded - job.live.searchedUnits);
}

/** Units that a node may claim in the round under way. */
export function unitsBy(job: SeenSearch, name: string | undefined): number {
  return job.live.nodes.find((one) => one.name === name)?.units ?? 0;
}

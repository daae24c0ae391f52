/** The nodes of the chain with their ratings. */

import { totalWeight } from "../../../chain/weight/weight.ts";
import type { FoundJob } from "../../chain/job-archive.ts";
import type { Page, Pages } from "../../pages.ts";
import type { PastChange } from "../../rating/rating-history.ts";
import { apiError } from "../api-error.ts";
import { NodeDetail, type NodeJson, NodeList } from "../contract/network.ts";
import { RatingExplanation } from "../contract/rating.ts";
import { encodeNode, encodeNodeDetail } from "../encode/network.ts";
import { encodeRating } from "../encode/rating.ts";
import { tokensOfBlocks } from "../rate-limiter.ts";
import { type Route, route } from "../route.ts";
import { MAX_PAGE, NoQuery, PageQuery, parseHash } from "./parse.ts";
import type { JobView, StateView } from "./views.ts";

const DEFAULT_CHANGES = 50;
const RECENT_JOBS = 256;

export interface NodeRouteModules extends StateView, JobView {
  /**
   * Changes of a node's rating, newest first. Ends early after much reading.
   * @param node its index
   * @param page those at `from` and below, at most `limit`
   */
  ratingHistory(node: number, page: Page): Promise<Pages<PastChange>>;
}

export function nodeRoutes(services: NodeRouteModules): Route[] {
  return [
    route({
      method: "get",
      path: "/v1/nodes",
      tokens: 20,
      isCostly: true,
      isOfHead: true,
      tag: "chain",
      summary: "Rated nodes in index order",
      query: PageQuery,
      answers: [{ status: 200, description: "a page of nodes", schema: NodeList }],
      handle: ({ query }) => ({ json: listNodes(services, query) }),
    }),
    route({
      method: "get",
      path: "/v1/nodes/{key}",
      tokens: 20,
      isCostly: true,
      isOfHead: true,
      tag: "chain",
      summary: `A node with its claim in the window under way and its jobs among the newest ${RECENT_JOBS}`,
      params: { key: "public key" },
      query: NoQuery,
      answers: [{ status: 200, description: "the node", schema: NodeDetail }],
      handle: async ({ params }) => {
        const index = services.state().nodeIndex(parseHash(params.key, "key"));
        if (index === undefined) throw unknownNode(params.key ?? "");
        const newest = services.state().jobs.length - 1;
        const oldest = Math.max(0, newest - RECENT_JOBS + 1);
        const recent: FoundJob[] = [];
        for await (const found of services.jobs.between(newest, oldest)) recent.push(found);
        return { json: encodeNodeDetail(services.state(), index, recent) };
      },
    }),
    route({
      method: "get",
      path: "/v1/nodes/{key}/rating",
      tokens: 2,
      isCostly: true,
      isOfHead: true,
      tag: "chain",
      summary: "Why a node is rated as it is: its factors, and every change with its cause",
      params: { key: "public key" },
      query: PageQuery,
      answers: [{ status: 200, description: "the rating explained", schema: RatingExplanation }],
      handle: async ({ params, query: { from, limit = DEFAULT_CHANGES } }) => {
        const state = services.state();
        const index = state.nodeIndex(parseHash(params.key, "key"));
        if (index === undefined) throw unknownNode(params.key ?? "");
        const { items, next, readBytes } = await services.ratingHistory(index, { from, limit });
        const explained = encodeRating(state, index, items);
        const json = { ...explained, ...(next === undefined ? {} : { next }) };
        return { json, tokens: tokensOfBlocks(readBytes) };
      },
    }),
  ];
}

function listNodes(
  services: NodeRouteModules,
  { from = 0, limit = MAX_PAGE }: PageQuery,
): NodeList {
  const state = services.state();
  const end = Math.min(from + limit, state.nodes.length);
  const nodes: NodeJson[] = [];
  for (let index = from; index < end; index++) {
    nodes.push(encodeNode(state, index, state.nodes.at(index)));
  }
  const more = end < state.nodes.length;
  return {
    totalWeight: totalWeight(state.seats).toString(),
    nodes,
    ...(more ? { next: end } : {}),
  };
}

function unknownNode(key: string): Error {
  return apiError(404, "UNKNOWN_NODE", `no node ${key} is registered on this chain`, {
    field: "key",
    remedy: "GET /v1/nodes lists the public keys",
  });
}

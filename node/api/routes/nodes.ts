/** The nodes of the chain with their ratings. */
import { z } from "zod";
import { totalWeight } from "../../../chain/rating/weight.ts";
import type { NodeServices } from "../../services.ts";
import { apiError } from "../api-error.ts";
import { NodeDetail, type NodeJson, NodeList } from "../contract/network.ts";
import { RatingExplanation } from "../contract/rating.ts";
import { encodeNode, encodeNodeDetail } from "../encode/network.ts";
import { encodeRating } from "../encode/rating.ts";
import { type Route, route } from "../route.ts";
import { MAX_PAGE, NoQuery, PageQuery, parseHash } from "./parse.ts";

const DEFAULT_CHANGES = 50;
const LimitQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(500).optional() });

export function nodeRoutes(services: NodeServices): Route[] {
  return [
    route({
      method: "get",
      path: "/v1/nodes",
      tag: "chain",
      summary: "Rated nodes in index order",
      query: PageQuery,
      answers: [{ status: 200, description: "a page of nodes", schema: NodeList }],
      handle: ({ query }) => ({ json: listNodes(services, query) }),
    }),
    route({
      method: "get",
      path: "/v1/nodes/{key}",
      tag: "chain",
      summary: "A node with its claim in the window under way and its jobs",
      params: { key: "public key" },
      query: NoQuery,
      answers: [{ status: 200, description: "the node", schema: NodeDetail }],
      handle: ({ params }) => {
        const state = services.state();
        const index = state.nodeIndex(parseHash(params.key, "key"));
        if (index === undefined) throw unknownNode(params.key ?? "");
        return { json: encodeNodeDetail(state, index) };
      },
    }),
    route({
      method: "get",
      path: "/v1/nodes/{key}/rating",
      tag: "chain",
      summary: "Why a node is rated as it is: its factors, and every change with its cause",
      params: { key: "public key" },
      query: LimitQuery,
      answers: [{ status: 200, description: "the rating explained", schema: RatingExplanation }],
      handle: async ({ params, query: { limit = DEFAULT_CHANGES } }) => {
        const state = services.state();
        const index = state.nodeIndex(parseHash(params.key, "key"));
        if (index === undefined) throw unknownNode(params.key ?? "");
        return { json: encodeRating(state, index, await services.ratingHistory(index, limit)) };
      },
    }),
  ];
}

function listNodes(services: NodeServices, { from = 0, limit = MAX_PAGE }: PageQuery): NodeList {
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

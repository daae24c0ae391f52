/** Final blocks, newest first, and one block with all its contents. */

import { CertifiedBlock } from "../../../chain/types/block.ts";
import { MAX_READ_BYTES } from "../../pages.ts";
import { apiError } from "../api-error.ts";
import { BlockJson, BlockList, type BlockSummary } from "../contract/block.ts";
import { encodeBlock, encodeBlockSummary } from "../encode/block.ts";
import { tokensOfBlocks } from "../rate-limiter.ts";
import { type BodyReply, type Route, route } from "../route.ts";
import { NoQuery, PageQuery, parseHeightOrHash } from "./parse.ts";
import type { BlockView, StateView, StatusView } from "./views.ts";

const DEFAULT_PAGE = 20;

export type BlockRouteModules = StateView & StatusView & BlockView;

export function blockRoutes(services: BlockRouteModules): Route[] {
  return [
    route({
      method: "get",
      path: "/v1/blocks",
      tokens: 2,
      isCostly: true,
      isOfHead: true,
      tag: "chain",
      summary: "Blocks from a height downwards; default: from the head",
      query: PageQuery,
      answers: [{ status: 200, description: "a page of blocks", schema: BlockList }],
      handle: ({ query }) => listBlocks(services, query),
    }),
    route({
      method: "get",
      path: "/v1/blocks/{at}",
      tokens: 2,
      isCostly: true,
      isOfHead: true,
      tag: "chain",
      summary: "A block with its transactions, records, rating changes and certificate",
      params: { at: "height or block hash" },
      query: NoQuery,
      answers: [{ status: 200, description: "the block", schema: BlockJson }],
      handle: async ({ params, pay }) => {
        const at = parseHeightOrHash(params.at);
        const found = await services.block(at);
        if (found === undefined) throw unknownBlock(params.at ?? "", services.state().height);
        // Encoding it costs several times as much as reading it.
        pay(tokensOfBlocks(8 * CertifiedBlock.value_serializedSize(found)));
        return { json: await encodeBlock(services.state(), found) };
      },
    }),
  ];
}

async function listBlocks(
  services: BlockRouteModules,
  { from, limit }: PageQuery,
): Promise<BodyReply> {
  const state = services.state();
  const newest = Math.min(from ?? state.height, state.height);
  const { lowestBlock } = services.status();
  const oldest = Math.max(lowestBlock, newest - (limit ?? DEFAULT_PAGE) + 1);
  const blocks: BlockSummary[] = [];
  let readBytes = 0;
  let height = newest;
  for (; height >= oldest && readBytes < MAX_READ_BYTES; height--) {
    const found = await services.block(height);
    if (found === undefined) continue;
    const summary = encodeBlockSummary(state, found);
    readBytes += summary.sizeBytes;
    blocks.push(summary);
  }
  const json: BlockList = { blocks, ...(height >= lowestBlock ? { next: height } : {}) };
  return { json, tokens: tokensOfBlocks(readBytes) };
}

function unknownBlock(at: string, height: number): Error {
  return apiError(404, "UNKNOWN_BLOCK", `no final block ${at} here; the head is at ${height}`, {
    field: "at",
    remedy: "ask for a height from 1 to the head, or wait until the node has caught up",
  });
}

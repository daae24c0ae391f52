/** For light clients: blocks without bodies, routes of them, and proofs. Clients need not trust the answers. */

import { z } from "zod";
import { parseAddress } from "../../../chain/crypto/address.ts";
import { toHex } from "../../../chain/crypto/hash.ts";
import { Header } from "../../../chain/types/block.ts";
import { InclusionProof, LightBlock, PROVABLE } from "../../../chain/types/light.ts";
import { MAX_UINT32 } from "../../../chain/uint-range.ts";
import type { LightService, ProofUnderBlock } from "../../light/light-service.ts";
import { apiError } from "../api-error.ts";
import { LightBlockJson, LightRoute, ProofJson } from "../contract/light.ts";
import { type Call, type Route, route } from "../route.ts";
import { NoQuery, parseHash, parseWhole, queryInt } from "./parse.ts";
import type { BlockView, JobView, RecordView, StateView, TransactionView } from "./views.ts";

const MAX_HEIGHT = MAX_UINT32;

const RouteQuery = z.strictObject({
  from: queryInt(MAX_HEIGHT)
    .optional()
    .describe("a height the client believes; default 0, genesis"),
  to: queryInt(MAX_HEIGHT).optional().describe("where it wants to get; default: the head"),
});

export interface LightRouteModules
  extends StateView,
    BlockView,
    TransactionView,
    JobView,
    RecordView {
  /** Requests of light clients. */
  readonly light: LightService;
}

export function lightRoutes(services: LightRouteModules): Route[] {
  const { light } = services;
  const headHeight = (): number => services.state().height;
  return [
    route({
      method: "get",
      path: "/v1/light/blocks/{height}",
      tokens: 20,
      isCostly: true,
      tag: "light",
      summary: "A block without its body: header, certificate and the seats that signed",
      params: { height: "block height" },
      query: NoQuery,
      answers: [{ status: 200, description: "the block", schema: LightBlockJson }],
      handle: async ({ params }) => {
        const height = parseWhole(params.height, "height", MAX_HEIGHT);
        const block = await light.block(height);
        if (block === undefined) throw notHere(`block ${height}`, "height", headHeight());
        return { json: encodeLightBlock(block) };
      },
    }),
    route({
      method: "get",
      path: "/v1/light/updates",
      tokens: 30,
      isCostly: true,
      tag: "light",
      summary: "A short route of light blocks from one height to another",
      query: RouteQuery,
      answers: [{ status: 200, description: "at most 32 blocks", schema: LightRoute }],
      handle: async ({ query }) => {
        const { from = 0, to = headHeight() } = query;
        const found = await light.route(from, to);
        if (found === undefined) {
          throw notHere(`route from ${from} to ${to}`, "from", headHeight());
        }
        const updates = found.blocks.map((block) => toHex(LightBlock.serialize(block)));
        return { json: { updates, complete: found.isComplete } };
      },
    }),
    ...proofRoutes(services),
  ];
}

interface ProofRoute {
  readonly path: string;
  readonly summary: string;
  readonly params: Readonly<Record<string, string>>;
  find(params: Call["params"]): Promise<ProofUnderBlock | undefined>;
}

function proofRoutes(services: LightRouteModules): Route[] {
  const { light } = services;
  const inState = (kind: "account" | "node" | "job", index: number | undefined) =>
    index === undefined ? Promise.resolve(undefined) : light.proveInState(kind, index);
  const routes: readonly ProofRoute[] = [
    {
      path: "/v1/proof/accounts/{address}",
      summary: "Proof of an account's balance and nonce in the newest state",
      params: { address: "bech32m address poml1…" },
      find: ({ address }) =>
        inState("account", services.state().accountIndex(parseAddress(address ?? ""))),
    },
    {
      path: "/v1/proof/nodes/{key}",
      summary: "Proof of a node's record, rating and bond in the newest state",
      params: { key: "public key, hex" },
      find: ({ key }) => inState("node", services.state().nodeIndex(parseHash(key, "key"))),
    },
    {
      path: "/v1/proof/jobs/{id}",
      summary: "Proof of a job in the newest state",
      params: { id: "job id, hex" },
      find: async ({ id }) => {
        const found = await services.jobs.find(parseHash(id, "id"));
        return inState("job", found?.index);
      },
    },
    {
      path: "/v1/proof/transactions/{id}",
      summary: "Proof of a transaction in its block",
      params: { id: "transaction id, hex" },
      find: async ({ id }) => {
        const found = await services.transaction(parseHash(id, "id"));
        if (found?.height === undefined || found.index === undefined) return undefined;
        return light.proveInBody("transaction", found.height, found.index);
      },
    },
    {
      path: "/v1/proof/records/{job}/{round}",
      summary: "Proof of a training record in its block",
      params: { job: "job id, hex", round: "round, from 1" },
      find: ({ job, round }) => findRecord(services, job, round),
    },
    {
      path: "/v1/proof/rating-changes/{height}/{index}",
      summary: "Proof of a rating change in its block",
      params: { height: "block height", index: "position among the block's rating changes" },
      find: ({ height, index }) =>
        light.proveInBody(
          "rating-change",
          parseWhole(height, "height", MAX_HEIGHT),
          parseWhole(index, "index", MAX_HEIGHT),
        ),
    },
  ];
  return routes.map(({ path, summary, params, find }) =>
    route({
      method: "get",
      path,
      tokens: 30,
      isCostly: true,
      tag: "light",
      summary,
      params,
      query: NoQuery,
      answers: [{ status: 200, description: "the proof and its block", schema: ProofJson }],
      handle: async (call) => {
        const found = await find(call.params);
        const [field = "id"] = Object.keys(params);
        if (found === undefined) throw notHere("proof", field, services.state().height);
        return { json: encodeProof(found) };
      },
    }),
  );
}

async function findRecord(
  services: LightRouteModules,
  job: string | undefined,
  round: string | undefined,
): Promise<ProofUnderBlock | undefined> {
  const id = parseHash(job, "job");
  const wanted = parseWhole(round, "round", MAX_HEIGHT);
  if ((await services.jobs.find(id)) === undefined) return undefined;
  const { items } = await services.jobRecords(id, { from: wanted, limit: 1 });
  const found = items.find(({ record }) => record.round === wanted);
  if (found === undefined) return undefined;
  const certified = await services.block(found.height);
  const index = certified?.block.body.records.findIndex(
    (record) => record.round === wanted && toHex(record.job) === toHex(id),
  );
  return services.light.proveInBody("record", found.height, index ?? -1);
}

function encodeLightBlock(block: LightBlock): LightBlockJson {
  return {
    height: block.header.height,
    hash: toHex(Header.hashTreeRoot(block.header)),
    block: toHex(LightBlock.serialize(block)),
  };
}

function encodeProof({ proof, block }: ProofUnderBlock): ProofJson {
  const kind = PROVABLE[proof.kind];
  if (kind === undefined) throw new RangeError(`no kind ${proof.kind} can be proven`);
  return {
    kind,
    proof: toHex(InclusionProof.serialize(proof)),
    ...encodeLightBlock(block),
  };
}

function notHere(what: string, field: string, height: number): Error {
  return apiError(404, "NOT_HERE", `no ${what} here; the head is at ${height}`, {
    field,
    remedy: "wait until it is in a final block, or ask a node that keeps the whole chain",
  });
}

/** What the answers of the API cost a node with much to tell: time on its main thread, and bytes. */
import { toHex } from "../../chain/crypto/hash.ts";
import { API_LIMITS } from "../../node/api/limits.ts";
import type { Call, Route } from "../../node/api/route.ts";
import { allRoutes } from "../../node/api/routes/all.ts";
import { systemClock } from "../../node/clock.ts";
import { useFastHasher } from "../../node/ssz-hasher.ts";
import { HeavyNode } from "../helpers/heavy-node.ts";
import type { BenchOptions } from "./main.ts";

export interface ApiRow {
  readonly route: string;
  readonly ms: number;
  readonly kib: number;
}

export async function bench({
  quick,
}: BenchOptions): Promise<{ readonly answers: readonly ApiRow[] }> {
  await useFastHasher();
  const node = new HeavyNode();
  const clock = { ...systemClock, sleep: async () => undefined };
  const routes = allRoutes({ services: node, clock, limits: API_LIMITS }, { metrics: true });
  const key = toHex(node.state().nodes.at(0).publicKey);
  const id = toHex(node.jobId);
  const asked: readonly (readonly [
    path: string,
    params: Record<string, string>,
    query: Record<string, string>,
  ])[] = [
    ["/v1/status", {}, {}],
    ["/healthz", {}, {}],
    ["/v1/parameters", {}, {}],
    ["/v1/nodes", {}, { limit: "100" }],
    ["/v1/nodes/{key}", { key }, {}],
    ["/v1/nodes/{key}/rating", { key }, { limit: "100" }],
    ["/v1/blocks", {}, { limit: "100" }],
    ["/v1/blocks/{at}", { at: "9000" }, {}],
    ["/v1/jobs", {}, { limit: "100" }],
    ["/v1/jobs/{id}", { id }, {}],
    ["/v1/jobs/{id}/rounds", { id }, {}],
    ["/openapi.json", {}, {}],
  ];
  const answers: ApiRow[] = [];
  for (const [path, params, query] of asked) {
    const route = routes.find((one) => one.path === path && one.method === "get");
    if (route !== undefined) answers.push(await cost(route, params, query, quick ? 1 : 5));
  }
  await node.close();
  return { answers };
}

async function cost(
  route: Route,
  params: Record<string, string>,
  query: Record<string, string>,
  times: number,
): Promise<ApiRow> {
  let least = Number.POSITIVE_INFINITY;
  let bytes = 0;
  for (let i = 0; i <= times; i++) {
    const start = process.cpuUsage();
    const call = { params, query: route.querySchema?.parse({ ...query }) } as Partial<Call>;
    const reply = await route.handle(call as Call);
    if ("json" in reply) bytes = JSON.stringify(reply.json).length;
    const { user, system } = process.cpuUsage(start);
    if (i > 0) least = Math.min(least, (user + system) / 1000);
  }
  const asked = new URLSearchParams(query).toString();
  const name = asked === "" ? route.path : `${route.path}?${asked}`;
  return { route: name, ms: Math.round(10 * least) / 10, kib: Math.round(bytes / 102.4) / 10 };
}

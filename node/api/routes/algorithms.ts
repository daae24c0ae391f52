/** Search algorithms of clients: a module is tried in a process of its own, then orders can name it. */
import { z } from "zod";
import { MAX_MODULE_BYTES } from "../../../ml/search/abi.ts";
import type { ModuleReport } from "../../search/probe-module.ts";
import { apiError } from "../api-error.ts";
import { AddedAlgorithm, AlgorithmList } from "../contract/algorithm.ts";
import { encodeAlgorithms } from "../encode/algorithm.ts";
import { type Route, route } from "../route.ts";
import { NoQuery } from "./parse.ts";
import type { StateView } from "./views.ts";

const BYTES = "application/octet-stream";

export interface AlgorithmRouteModules extends StateView {
  /** What the owner allows (`jobs.allow`). */
  readonly allow: readonly string[];
  /** Tries a module and keeps it for orders and for peers. @throws AlgorithmError */
  addAlgorithm(bytes: Uint8Array): Promise<ModuleReport>;
}

export function algorithmRoutes(services: AlgorithmRouteModules): Route[] {
  return [
    route({
      method: "get",
      path: "/v1/algorithms",
      tokens: 20,
      isCostly: true,
      isOfHead: true,
      tag: "jobs",
      summary: "What searches can hash with: shipped, certified by vote, allowed here; open votes",
      query: NoQuery,
      answers: [{ status: 200, description: "all of them", schema: AlgorithmList }],
      handle: () => ({ json: encodeAlgorithms(services.state(), services.allow) }),
    }),
    route({
      method: "post",
      path: "/v1/algorithms",
      tokens: 100,
      tag: "jobs",
      token: true,
      summary:
        "Bring a WebAssembly module that searches are to hash with (docs/search-algorithms.md)",
      query: NoQuery,
      content: { [BYTES]: z.string().describe("bytes of the module") },
      bodyBytes: MAX_MODULE_BYTES,
      answers: [{ status: 201, description: "it keeps the rules", schema: AddedAlgorithm }],
      handle: async ({ mediaType, bytes }) => {
        if (mediaType !== BYTES) {
          throw apiError(415, "UNSUPPORTED_MEDIA_TYPE", "a module comes as bytes", {
            field: "Content-Type",
            remedy: `send them as ${BYTES}`,
          });
        }
        const report = await services.addAlgorithm(await bytes(MAX_MODULE_BYTES));
        const { hash, hashesPerSecond } = report;
        const json: AddedAlgorithm = { hash, bytes: report.bytes, hashesPerSecond };
        return { status: 201, json };
      },
    }),
  ];
}

/** Consensus parameters and the votes on them. */

import { ParameterList } from "../contract/parameter.ts";
import { encodeParameters } from "../encode/parameter.ts";
import { type Route, route } from "../route.ts";
import { NoQuery } from "./parse.ts";
import type { StateView } from "./views.ts";

export function parameterRoutes(services: StateView): Route[] {
  return [
    route({
      method: "get",
      path: "/v1/parameters",
      tokens: 20,
      isCostly: true,
      isOfHead: true,
      tag: "chain",
      summary: "Parameters the nodes may change by vote, with the open votes",
      query: NoQuery,
      answers: [{ status: 200, description: "all of them", schema: ParameterList }],
      handle: () => ({ json: encodeParameters(services.state()) }),
    }),
  ];
}

/** The present status of this node. */

import type { Clock } from "../../clock.ts";
import { Status } from "../contract/network.ts";
import { encodeStatus } from "../encode/network.ts";
import { type Route, route } from "../route.ts";
import { NoQuery } from "./parse.ts";
import type { StateView, StatusView } from "./views.ts";

export type StatusRouteModules = StateView & StatusView;

export function statusRoutes(services: StatusRouteModules, clock: Clock): Route[] {
  return [
    route({
      method: "get",
      path: "/v1/status",
      tokens: 2,
      tag: "node",
      summary: "Identity, head, peers, workers and consensus parameters",
      query: NoQuery,
      answers: [{ status: 200, description: "status", schema: Status }],
      handle: () => ({ json: encodeStatus(services.state(), services.status(), clock.now()) }),
    }),
  ];
}

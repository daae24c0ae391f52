/** Whether the node serves, and its metrics for Prometheus. */

import { z } from "zod";
import type { Clock } from "../../clock.ts";
import { healthStatus } from "../../status/notices.ts";
import { Health } from "../contract/network.ts";
import { type Route, route } from "../route.ts";
import { NoQuery } from "./parse.ts";
import type { StateView, StatusView } from "./views.ts";

export interface MetricsRouteModules {
  /** Prometheus text exposition. */
  metrics(): Promise<string>;
}

export type HealthRouteModules = StateView & StatusView;

export function healthRoutes(services: HealthRouteModules, clock: Clock): Route[] {
  return [
    route({
      method: "get",
      path: "/healthz",
      tag: "node",
      summary: "Whether the process lives: 200 as long as it answers at all",
      query: NoQuery,
      answers: [{ status: 200, description: "alive", schema: Health }],
      handle: () => ({ json: healthOf(services, clock.now()) }),
    }),
    route({
      method: "get",
      path: "/readyz",
      tag: "node",
      summary:
        "Whether the node follows the chain; 503 while it syncs, when no block comes, the disk is full or its key signs elsewhere",
      query: NoQuery,
      answers: [
        { status: 200, description: "serving", schema: Health },
        {
          status: 503,
          description: "syncing, stalled, out of disk space or not signing; reads still work",
          schema: Health,
        },
      ],
      handle: () => {
        const health = healthOf(services, clock.now());
        return { status: health.status === "serving" ? 200 : 503, json: health };
      },
    }),
  ];
}

export function metricsRoute(services: MetricsRouteModules): Route {
  return route({
    method: "get",
    path: "/metrics",
    tokens: 10,
    tag: "node",
    summary: "Metrics in the Prometheus text format",
    query: NoQuery,
    answers: [{ status: 200, description: "metrics", type: "text/plain", schema: z.string() }],
    handle: async () => ({
      bytes: await services.metrics(),
      type: "text/plain; version=0.0.4; charset=utf-8",
    }),
  });
}

/** @param now Unix milliseconds */
function healthOf(services: HealthRouteModules, now: number): Health {
  const status = services.status();
  const { parameters, seats } = services.state();
  const { blockIntervalMs } = parameters;
  return {
    status: healthStatus(status, { now, blockIntervalMs, voters: seats.length }),
    height: status.height,
    headAgeMs: Math.max(0, Math.round(now - status.headTime)),
  };
}

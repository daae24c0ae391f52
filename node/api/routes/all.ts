/** Every route of the API, and the document that describes them. */
import { z } from "zod";
import type { Clock } from "../../clock.ts";
import type { ApiLimits } from "../limits.ts";
import { openApiDocument } from "../openapi.ts";
import { type Route, route } from "../route.ts";
import { type AccountRouteModules, accountRoutes } from "./accounts.ts";
import { type AlgorithmRouteModules, algorithmRoutes } from "./algorithms.ts";
import { type BlockRouteModules, blockRoutes } from "./blocks.ts";
import { type DatasetRouteModules, datasetRoutes } from "./datasets.ts";
import { eventRoutes } from "./events.ts";
import { type EvidenceRouteModules, evidenceRoutes } from "./evidence.ts";
import { type FileRouteModules, fileRoutes } from "./files.ts";
import {
  type HealthRouteModules,
  healthRoutes,
  type MetricsRouteModules,
  metricsRoute,
} from "./health.ts";
import { type JobRouteModules, jobRoutes } from "./jobs.ts";
import { type LightRouteModules, lightRoutes } from "./light.ts";
import { type NodeRouteModules, nodeRoutes } from "./nodes.ts";
import { pageRoutes } from "./page.ts";
import { parameterRoutes } from "./parameters.ts";
import { NoQuery } from "./parse.ts";
import { type StatusRouteModules, statusRoutes } from "./status.ts";
import { type StorageRouteModules, storageRoutes } from "./storage.ts";
import { taskRoutes } from "./tasks.ts";
import { type TransactionRouteModules, transactionRoutes } from "./transactions.ts";
import { uploadRoutes } from "./uploads.ts";
import type { ImportView, StateView, UploadView } from "./views.ts";

/** Everything that the routes together need from a node, and nothing else. */
export type RouteServices = HealthRouteModules &
  MetricsRouteModules &
  AccountRouteModules &
  AlgorithmRouteModules &
  BlockRouteModules &
  DatasetRouteModules &
  EvidenceRouteModules &
  FileRouteModules &
  JobRouteModules &
  LightRouteModules &
  NodeRouteModules &
  StatusRouteModules &
  StorageRouteModules &
  TransactionRouteModules &
  StateView &
  ImportView &
  UploadView;

export interface RouteModules {
  readonly services: RouteServices;
  readonly clock: Clock;
  readonly limits: ApiLimits;
}

export function allRoutes(
  { services, clock, limits }: RouteModules,
  { metrics }: { readonly metrics: boolean },
): readonly Route[] {
  const routes: Route[] = [
    ...healthRoutes(services, clock),
    ...(metrics ? [metricsRoute(services)] : []),
    ...statusRoutes(services, clock),
    ...storageRoutes(services),
    ...blockRoutes(services),
    ...transactionRoutes(services, limits),
    ...accountRoutes(services),
    ...nodeRoutes(services),
    ...parameterRoutes(services),
    ...evidenceRoutes(services),
    ...jobRoutes(services),
    ...algorithmRoutes(services),
    ...lightRoutes(services),
    ...datasetRoutes(services, limits),
    ...uploadRoutes(services),
    ...taskRoutes(services),
    ...fileRoutes(services),
    ...eventRoutes(),
    ...pageRoutes(),
  ];
  let document: Promise<unknown> | undefined;
  routes.push(
    route({
      method: "get",
      path: "/openapi.json",
      tokens: 2,
      tag: "node",
      summary: "This description",
      query: NoQuery,
      answers: [
        { status: 200, description: "OpenAPI 3.1", schema: z.record(z.string(), z.unknown()) },
      ],
      handle: async () => {
        document ??= openApiDocument(routes, services.status().version);
        return { json: await document };
      },
    }),
  );
  return routes;
}

/** Every route of the API, and the document that describes them. */
import { z } from "zod";
import type { Clock } from "../../clock.ts";
import type { NodeServices } from "../../services.ts";
import type { ApiLimits } from "../limits.ts";
import { openApiDocument } from "../openapi.ts";
import { type Route, route } from "../route.ts";
import { accountRoutes } from "./accounts.ts";
import { blockRoutes } from "./blocks.ts";
import { datasetRoutes } from "./datasets.ts";
import { eventRoutes } from "./events.ts";
import { evidenceRoutes } from "./evidence.ts";
import { fileRoutes } from "./files.ts";
import { healthRoutes, metricsRoute } from "./health.ts";
import { jobRoutes } from "./jobs.ts";
import { lightRoutes } from "./light.ts";
import { nodeRoutes } from "./nodes.ts";
import { pageRoutes } from "./page.ts";
import { parameterRoutes } from "./parameters.ts";
import { NoQuery } from "./parse.ts";
import { statusRoutes } from "./status.ts";
import { storageRoutes } from "./storage.ts";
import { taskRoutes } from "./tasks.ts";
import { transactionRoutes } from "./transactions.ts";
import { uploadRoutes } from "./uploads.ts";

export interface RouteModules {
  readonly services: NodeServices;
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

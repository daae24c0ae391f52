/** Files of jobs on this node's disk. Only for the owner, because the list names private datasets. */
import type { StorageReport } from "../../storage/report.ts";
import { StorageJson } from "../contract/storage.ts";
import { storageJson } from "../encode/storage.ts";
import { type Route, route } from "../route.ts";
import { NoQuery } from "./parse.ts";

export interface StorageRouteModules {
  /** Files of jobs on this disk, as last counted. */
  storage(): Promise<StorageReport>;
}

export function storageRoutes(services: StorageRouteModules): Route[] {
  return [
    route({
      method: "get",
      path: "/v1/storage",
      tag: "node",
      token: true,
      summary: "Files of jobs on this disk by kind, with quotas, free space and the last deletions",
      query: NoQuery,
      answers: [{ status: 200, description: "as last counted", schema: StorageJson }],
      handle: async () => ({ json: storageJson(await services.storage()) }),
    }),
  ];
}

/** Long-running work: query its progress, or end it. */

import type { ImportTask } from "../../datasets/import-tasks.ts";
import { apiError } from "../api-error.ts";
import { TaskJson, TaskList } from "../contract/task.ts";
import { taskJson } from "../encode/task.ts";
import { type Route, route } from "../route.ts";
import { NoQuery } from "./parse.ts";
import type { ImportView } from "./views.ts";

export function taskRoutes({ imports }: ImportView): Route[] {
  const find = (id: string | undefined): ImportTask => {
    const task = imports.get(id ?? "");
    if (task !== undefined) return task;
    throw apiError(404, "UNKNOWN_TASK", `there is no task ${(id ?? "").slice(0, 80)}`, {
      field: "id",
      remedy: "tasks are kept for an hour, and not over a restart; GET /v1/datasets lists results",
    });
  };
  return [
    route({
      method: "get",
      path: "/v1/tasks",
      tag: "datasets",
      summary: "Imports that run, wait or ended within the hour, newest first",
      query: NoQuery,
      answers: [{ status: 200, description: "tasks", schema: TaskList }],
      handle: () => ({ json: { tasks: imports.list().map(taskJson) } }),
    }),
    route({
      method: "get",
      path: "/v1/tasks/{id}",
      tag: "datasets",
      summary: "How far a task is, and what came of it",
      query: NoQuery,
      answers: [{ status: 200, description: "the task", schema: TaskJson }],
      handle: ({ params }) => ({ json: taskJson(find(params.id)) }),
    }),
    route({
      method: "delete",
      path: "/v1/tasks/{id}",
      tag: "datasets",
      token: true,
      summary: "End a task that has not ended",
      query: NoQuery,
      answers: [{ status: 202, description: "the task as it is", schema: TaskJson }],
      handle: ({ params }) => {
        const { id } = find(params.id);
        imports.cancel(id);
        return { status: 202, json: taskJson(find(id)) };
      },
    }),
  ];
}

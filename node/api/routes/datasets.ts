/**
 * Datasets: list them, import one. A body is written to the disk as it arrives, and read in a separate process; an
 * import that is not done within seconds continues as a task.
 */
import { z } from "zod";
import { csvSettings } from "../../datasets/csv-form.ts";
import type { DatasetSummary } from "../../datasets/dataset-summary.ts";
import type { ImportSource } from "../../datasets/import-order.ts";
import type { ImportTask, ImportWork } from "../../datasets/import-tasks.ts";
import { UploadError } from "../../datasets/upload-error.ts";
import { apiError } from "../api-error.ts";
import { parseJson } from "../body.ts";
import {
  CsvQuery,
  DatasetJson,
  DatasetList,
  ImportOrderJson,
  UploadForm,
} from "../contract/dataset.ts";
import { TaskJson } from "../contract/task.ts";
import { datasetJson } from "../encode/dataset.ts";
import { taskJson } from "../encode/task.ts";
import type { ApiLimits } from "../limits.ts";
import { type Call, checked, type Reply, type Route, route } from "../route.ts";
import { NoQuery } from "./parse.ts";
import type { ImportView, UploadView } from "./views.ts";

const binary = z.string().meta({ contentMediaType: "application/octet-stream" });

const FormDoc = UploadForm.extend({
  file: binary.optional().describe("a CSV file, or the four IDX files below"),
  images: binary.optional(),
  labels: binary.optional(),
  testImages: binary.optional(),
  testLabels: binary.optional(),
});

export interface DatasetRouteModules extends UploadView, ImportView {
  datasets(): Promise<readonly DatasetSummary[]>;
}

export function datasetRoutes(services: DatasetRouteModules, limits: ApiLimits): Route[] {
  return [
    route({
      method: "get",
      path: "/v1/datasets",
      tag: "datasets",
      summary: "Datasets this node holds",
      query: NoQuery,
      answers: [{ status: 200, description: "datasets", schema: DatasetList }],
      handle: async () => ({ json: { datasets: (await services.datasets()).map(datasetJson) } }),
    }),
    route({
      method: "post",
      path: "/v1/datasets",
      tag: "datasets",
      token: true,
      summary: "Import a CSV body (?name=&label=), a multipart form, or uploads that are complete",
      query: CsvQuery.partial(),
      content: {
        "text/csv": z.string(),
        "multipart/form-data": FormDoc,
        "application/json": ImportOrderJson,
      },
      headers: { Prefer: "respond-async: answer 202 at once" },
      answers: [
        { status: 201, description: "imported", schema: DatasetJson },
        { status: 202, description: "it goes on as the task in Location", schema: TaskJson },
      ],
      handle: async (call) => {
        const work = await workOf(call, services, limits);
        let task: ImportTask;
        try {
          task = services.imports.start(work);
        } catch (error) {
          await work.finally(false);
          throw error;
        }
        return answerOf(await awaited(call, task, services, limits.importWaitMs));
      },
    }),
  ];
}

async function workOf(
  call: Call,
  services: DatasetRouteModules,
  limits: ApiLimits,
): Promise<ImportWork> {
  switch (call.mediaType) {
    case "text/csv": {
      const { name, ...fields } = checked(CsvQuery, call.query, "query");
      const settings = csvSettings(fields);
      return passingWork(call, services, (file) => ({ kind: "csv", name, settings, file }));
    }
    case "multipart/form-data": {
      const contentType = call.header("content-type") ?? "";
      return passingWork(call, services, (file) => ({ kind: "form", file, contentType }));
    }
    case "application/json":
      return uploadedWork(
        checked(ImportOrderJson, parseJson(await call.bytes(limits.jsonBytes)), "body"),
        services,
      );
    default:
      throw apiError(415, "UNSUPPORTED_MEDIA_TYPE", "a dataset comes as CSV, form or JSON", {
        field: "Content-Type",
        remedy: "send text/csv with ?name=, or a multipart form (curl -F name=… -F file=@data.csv)",
      });
  }
}

/** The body of this request, which is removed when the import has ended. */
async function passingWork(
  call: Call,
  { uploads }: DatasetRouteModules,
  sourceOf: (file: string) => ImportSource,
): Promise<ImportWork> {
  const limit = uploads.limits.fileBytes;
  const { id } = await uploads.create(call.announcedBytes ?? limit, { isPassing: true });
  const remove = (): Promise<void> => uploads.remove(id);
  try {
    await call.stream((from) => uploads.append(id, 0, from));
  } catch (error) {
    await remove();
    throw error;
  }
  return { source: sourceOf(uploads.path(id)), output: uploads.outputOf(id), finally: remove };
}

/** Complete uploads; they stay if the import is refused, so that it can be tried with other options. */
async function uploadedWork(
  order: ImportOrderJson,
  { uploads }: DatasetRouteModules,
): Promise<ImportWork> {
  const { name, file, images, labels, testImages, testLabels, ...fields } = order;
  const ids: string[] = [];
  const path = async (field: string, id: string | undefined): Promise<string> => {
    if (id === undefined) throw missing(field);
    const { offset, bytes } = await uploads.find(id);
    if (offset !== bytes) throw UploadError.incomplete(id, offset, bytes);
    ids.push(id);
    return uploads.path(id);
  };
  const hasImages = [images, labels, testImages, testLabels].some((id) => id !== undefined);
  let source: ImportSource;
  if (!hasImages) {
    source = { kind: "csv", name, settings: csvSettings(fields), file: await path("file", file) };
  } else {
    const [extra] = Object.keys({ ...(file === undefined ? {} : { file }), ...fields });
    if (extra !== undefined) throw extraField(extra);
    source = {
      kind: "idx",
      name,
      images: await path("images", images),
      labels: await path("labels", labels),
      testImages: await path("testImages", testImages),
      testLabels: await path("testLabels", testLabels),
    };
  }
  const output = `${uploads.outputOf(ids[0] ?? "")}-${++works}`;
  return {
    source,
    output,
    finally: async (isDone) => {
      if (isDone) for (const id of new Set(ids)) await uploads.remove(id);
    },
  };
}

/** Two imports of one upload write to folders of their own. */
let works = 0;

/** The task once it has ended, or with its present state when the client should not wait any longer. */
async function awaited(
  call: Call,
  task: ImportTask,
  { imports }: DatasetRouteModules,
  waitMs: number,
): Promise<ImportTask> {
  if (/\brespond-async\b/.test(call.header("prefer") ?? "")) return task;
  const signal = AbortSignal.any([call.gone, AbortSignal.timeout(waitMs)]);
  const now = (await imports.wait(task.id, signal)) ?? task;
  // If the client left before the answer, nobody knows the id of the task.
  if (call.gone.aborted && now.ended === undefined) imports.cancel(task.id);
  return now;
}

function answerOf(task: ImportTask): Reply {
  if (task.result !== undefined) return { status: 201, json: datasetJson(task.result) };
  if (task.ended !== undefined) throw task.error;
  const headers = { location: `/v1/tasks/${task.id}`, "retry-after": "1" };
  return { status: 202, json: taskJson(task), headers };
}

function missing(field: string): Error {
  return apiError(400, "BAD_REQUEST", `${field}: is missing`, {
    field,
    remedy:
      "name the upload of a CSV file (file), or those of images, labels, testImages, testLabels",
  });
}

function extraField(field: string): Error {
  return apiError(400, "BAD_REQUEST", `${field}: is for CSV files only`, {
    field,
    remedy: "leave it out, or import a CSV file",
  });
}

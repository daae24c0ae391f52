/** Datasets: list them, bring one as CSV or IDX. Uploads are imported, chunked and shared by the node. */
import { z } from "zod";
import type { DatasetUpload, NodeServices } from "../../services.ts";
import { apiError } from "../api-error.ts";
import {
  CsvQuery,
  csvSettings,
  DatasetJson,
  DatasetList,
  UploadForm,
} from "../contract/dataset.ts";
import type { ApiLimits } from "../limits.ts";
import { reasonOf } from "../reason.ts";
import { type Call, checked, type Route, route } from "../route.ts";
import { NoQuery } from "./parse.ts";

const FILE_FIELDS = ["file", "images", "labels", "testImages", "testLabels"] as const;
const binary = z.string().meta({ contentMediaType: "application/octet-stream" });

const FormDoc = UploadForm.extend({
  file: binary.optional().describe("a CSV file, or the four IDX files below"),
  images: binary.optional(),
  labels: binary.optional(),
  testImages: binary.optional(),
  testLabels: binary.optional(),
});

export function datasetRoutes(services: NodeServices, limits: ApiLimits): Route[] {
  let uploads = 0;
  return [
    route({
      method: "get",
      path: "/v1/datasets",
      tag: "datasets",
      summary: "Datasets this node holds",
      query: NoQuery,
      answers: [{ status: 200, description: "datasets", schema: DatasetList }],
      handle: async () => ({ json: { datasets: await services.datasets() } }),
    }),
    route({
      method: "post",
      path: "/v1/datasets",
      tag: "datasets",
      token: true,
      summary: "Import a CSV body (?name=&label=) or a multipart form of a CSV or IDX files",
      query: CsvQuery.partial(),
      content: { "text/csv": z.string(), "multipart/form-data": FormDoc },
      answers: [{ status: 201, description: "imported", schema: DatasetJson }],
      handle: async (call) => {
        if (uploads >= limits.uploads) throw tooManyUploads();
        uploads++;
        try {
          const upload = await readUpload(call, limits.uploadBytes);
          return { status: 201, json: await services.importDataset(upload) };
        } finally {
          uploads--;
        }
      },
    }),
  ];
}

async function readUpload(call: Call, limitBytes: number): Promise<DatasetUpload> {
  switch (call.mediaType) {
    case "text/csv": {
      const { name, ...fields } = checked(CsvQuery, call.query, "query");
      const bytes = await call.bytes(limitBytes);
      return { format: "csv", name, bytes, settings: csvSettings(fields) };
    }
    case "multipart/form-data":
      return readForm(await call.bytes(limitBytes), call.header("content-type") ?? "");
    default:
      throw apiError(415, "UNSUPPORTED_MEDIA_TYPE", "a dataset comes as CSV or as a form", {
        field: "Content-Type",
        remedy: "send text/csv with ?name=, or a multipart form (curl -F name=… -F file=@data.csv)",
      });
  }
}

async function readForm(body: Uint8Array<ArrayBuffer>, type: string): Promise<DatasetUpload> {
  const texts: Record<string, string | string[]> = {};
  const files = new Map<string, Uint8Array>();
  for (const [field, value] of await parseForm(body, type)) {
    if (typeof value === "string") texts[field] = withRepeated(texts[field], value);
    else files.set(field, new Uint8Array(await value.arrayBuffer()));
  }
  const stray = [...files.keys()].find(
    (field) => !(FILE_FIELDS as readonly string[]).includes(field),
  );
  if (stray !== undefined) throw badForm(stray, "is not a file this form takes");
  const { name, ...fields } = checked(UploadForm, texts, "form");
  const csv = files.get("file");
  if (csv !== undefined) {
    if (files.size > 1) throw badForm("file", "comes alone: a CSV file or IDX files, not both");
    return { format: "csv", name, bytes: csv, settings: csvSettings(fields) };
  }
  const [extra] = Object.keys(fields);
  if (extra !== undefined) throw badForm(extra, "is for CSV files only");
  const images = files.get("images");
  const labels = files.get("labels");
  if (images === undefined && labels === undefined) throw badForm("file", "is missing");
  if (images === undefined) throw badForm("images", "is missing");
  if (labels === undefined) throw badForm("labels", "is missing");
  const testImages = files.get("testImages");
  const testLabels = files.get("testLabels");
  return {
    format: "idx",
    name,
    images,
    labels,
    ...(testImages === undefined ? {} : { testImages }),
    ...(testLabels === undefined ? {} : { testLabels }),
  };
}

function withRepeated(known: string | string[] | undefined, value: string): string | string[] {
  if (known === undefined) return value;
  return typeof known === "string" ? [known, value] : [...known, value];
}

async function parseForm(body: Uint8Array<ArrayBuffer>, type: string): Promise<FormData> {
  try {
    return await new Response(body, { headers: { "content-type": type } }).formData();
  } catch (cause) {
    throw apiError(400, "MALFORMED_FORM", `the body is not a multipart form: ${reasonOf(cause)}`, {
      cause,
      remedy: "let the client build the form, as curl -F does",
    });
  }
}

function badForm(field: string, reason: string): Error {
  return apiError(400, "BAD_REQUEST", `${field}: ${reason}`, {
    field,
    remedy: "send name and either file (CSV) or images, labels, testImages, testLabels (IDX)",
  });
}

function tooManyUploads(): Error {
  return apiError(503, "TOO_MANY_UPLOADS", "other uploads are being imported", {
    remedy: "try again when they are done",
  });
}

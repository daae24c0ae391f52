/** A multipart form of a dataset: text fields, and either a CSV file or the four IDX files. */
import type { z } from "zod";
import { PomlError } from "../../chain/errors.ts";
import type { CsvSettings } from "../../ml/dataset/import-csv.ts";
import type { IdxFiles } from "../../ml/dataset/import-idx.ts";
import { firstFault } from "../first-fault.ts";
import { reasonOf } from "../reason.ts";
import { CsvForm, csvSettings } from "./csv-form.ts";

const IDX_FIELDS = ["images", "labels", "testImages", "testLabels"] as const;
/** The largest number of parts of a form. */
const MAX_PARTS = 1100;

class FormError extends PomlError<
  { readonly code: "MALFORMED_FORM" } | { readonly code: "BAD_REQUEST"; readonly field: string }
> {}

export type DatasetForm =
  | {
      readonly kind: "csv";
      readonly name: string;
      readonly bytes: Uint8Array;
      readonly settings: CsvSettings;
    }
  | { readonly kind: "idx"; readonly name: string; readonly files: IdxFiles };

/** @throws FormError */
export async function readForm(
  body: Uint8Array<ArrayBuffer>,
  contentType: string,
): Promise<DatasetForm> {
  const texts: Record<string, string | string[]> = {};
  const files = new Map<string, Uint8Array>();
  const parts = [...(await parseForm(body, contentType))];
  if (parts.length > MAX_PARTS) throw badForm("form", `has more than ${MAX_PARTS} parts`);
  for (const [field, value] of parts) {
    if (typeof value === "string") texts[field] = withRepeated(texts[field], value);
    else if (files.has(field)) throw badForm(field, "appears more than once");
    else files.set(field, new Uint8Array(await value.arrayBuffer()));
  }
  const stray = [...files.keys()].find(
    (field) => field !== "file" && !(IDX_FIELDS as readonly string[]).includes(field),
  );
  if (stray !== undefined) throw badForm(stray, "is not a file this form takes");
  const { name, ...fields } = checked(texts);
  const csv = files.get("file");
  if (csv !== undefined) {
    if (files.size > 1)
      throw badForm("file", "excludes the others: send a CSV file or IDX files, not both");
    return { kind: "csv", name, bytes: csv, settings: csvSettings(fields) };
  }
  const [extra] = Object.keys(fields);
  if (extra !== undefined) throw badForm(extra, "is for CSV files only");
  if (files.size === 0) throw badForm("file", "is missing");
  const one = (field: (typeof IDX_FIELDS)[number]): Uint8Array => {
    const bytes = files.get(field);
    if (bytes === undefined) throw badForm(field, "is missing");
    return bytes;
  };
  const idx = {
    images: one("images"),
    labels: one("labels"),
    testImages: one("testImages"),
    testLabels: one("testLabels"),
  };
  return { kind: "idx", name, files: idx };
}

function withRepeated(known: string | string[] | undefined, value: string): string | string[] {
  if (known === undefined) return value;
  return typeof known === "string" ? [known, value] : [...known, value];
}

async function parseForm(body: Uint8Array<ArrayBuffer>, type: string): Promise<FormData> {
  try {
    return await new Response(body, { headers: { "content-type": type } }).formData();
  } catch (cause) {
    throw new FormError(
      `the body is not a multipart form: ${reasonOf(cause)}`,
      { code: "MALFORMED_FORM" },
      { action: "local", cause, remedy: "let the client build the form, as curl -F does" },
    );
  }
}

function checked(texts: unknown): z.infer<typeof CsvForm> {
  const parsed = CsvForm.safeParse(texts);
  if (parsed.success) return parsed.data;
  const { field, reason } = firstFault(parsed.error, "form");
  throw badForm(field, reason, `correct ${field}; GET /openapi.json describes this request`);
}

function badForm(
  field: string,
  reason: string,
  remedy = "send name and either file (CSV) or images, labels, testImages, testLabels (IDX)",
): FormError {
  const facts = { code: "BAD_REQUEST", field } as const;
  return new FormError(`${field}: ${reason}`, facts, { action: "local", remedy });
}

/** Reads a file that holds one JSON object, such as an order. */
import { readFile } from "node:fs/promises";
import { usageError } from "./exit-codes.ts";

/** @param field named in the message @throws CliError BAD_ARGUMENT */
export async function readJson(field: string, path: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw usageError(
      field,
      error instanceof Error ? error.message : "unreadable",
      "check the path",
    );
  }
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === "object" && json !== null) return { ...json };
  } catch (error) {
    throw usageError(
      field,
      `${path} is not JSON: ${error instanceof Error ? error.message : ""}`,
      "correct the file",
    );
  }
  throw usageError(field, `${path} does not hold a JSON object`, "correct the file");
}

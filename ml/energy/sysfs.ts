/** Reads small files of the kernel; the result is undefined for a file that is missing or not readable. */
import { readFile } from "node:fs/promises";

export async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").then(
    (text) => text.trim(),
    () => undefined,
  );
}

export async function readNumber(path: string): Promise<bigint | undefined> {
  const text = await readText(path);
  return text !== undefined && /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
}

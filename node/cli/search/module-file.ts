/** Reads a WebAssembly module from a file, up to the size limit of an algorithm. */
import { readFile, stat } from "node:fs/promises";
import { CliError, EXIT } from "../exit-codes.ts";

/** @throws CliError FILE_NOT_FOUND; AlgorithmError ALGORITHM_TOO_LARGE before anything large is read */
export async function readModuleFile(file: string, field = "file"): Promise<Uint8Array> {
  const { MAX_MODULE_BYTES } = await import("../../../ml/search/abi.ts");
  const { tooLarge } = await import("../../../ml/search/algorithm-error.ts");
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) {
    throw new CliError(
      `${field}: there is no file ${file}`,
      { code: "FILE_NOT_FOUND", exit: EXIT.notFound, field },
      "docs/search-algorithms.md shows how to make one",
    );
  }
  if (found.size > MAX_MODULE_BYTES) throw tooLarge("bytes", found.size, MAX_MODULE_BYTES);
  return readFile(file);
}

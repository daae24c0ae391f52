/** Finds the module of a search that used no shipped algorithm, to verify the certificate of the search. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import type { PomlClient } from "../../api/client.ts";
import type { OtherAlgorithm } from "../../light/verify-search.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { readModuleFile } from "./module-file.ts";

/** The name of the module's file beside the certificate. */
export const ALGORITHM_FILE = "algorithm.wasm";

/** The helper process belongs to this command. */
const TURN = { group: "algorithm", member: "" } as const;

export interface ModulePlaces {
  /** Named by the reader. */
  readonly file: string | undefined;
  readonly directory: string;
  readonly node: Pick<PomlClient, "blob"> | undefined;
}

/** Looks for the module in the given file, then beside the certificate, then at the node. */
export function otherAlgorithm(places: ModulePlaces, signal: AbortSignal): OtherAlgorithm {
  return {
    find: (hash) => findModule(hash, places),
    hash: async (bytes, search, nonces) => {
      const { hashWith } = await import("../../search/check-algorithm.ts");
      const { newHelper } = await import("../../compose/helpers.ts");
      const { SILENT } = await import("../../../p2p/log.ts");
      const helper = newHelper(SILENT);
      try {
        return await hashWith({ bytes, search, nonces }, helper, { signal, turn: TURN });
      } finally {
        await helper.stop();
      }
    },
  };
}

/** @throws CliError NOT_VERIFIED for a file with another hash, FILE_NOT_FOUND; ApiError */
async function findModule(
  hash: string,
  { file, directory, node }: ModulePlaces,
): Promise<Uint8Array | undefined> {
  const beside = join(directory, ALGORITHM_FILE);
  const path = file ?? (existsSync(beside) ? beside : undefined);
  if (path === undefined) return node?.blob(hash);
  const bytes = await readModuleFile(path, "algorithm");
  const own = toHex(sha256(bytes));
  if (own === hash) return bytes;
  throw new CliError(
    `it is NOT verified: ${path} is another module than the search used: its SHA-256 is ${own}, not ${hash}`,
    { code: "NOT_VERIFIED", exit: EXIT.verification, field: "algorithm" },
    "name the module's file with --algorithm, or ask a node for it with --api",
  );
}

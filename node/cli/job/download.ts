/** Brings the result of a job into a directory: model.json, weights.bin, certificate.json. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import type { PomlClient } from "../../api/client.ts";
import { CliError, EXIT } from "../exit-codes.ts";

export const CERTIFICATE_FILE = "certificate.json";

/** @throws ApiError; CliError WRONG_BYTES when a file does not have the listed hash */
export async function downloadResult(
  client: PomlClient,
  id: string,
  directory: string,
): Promise<void> {
  const { listing, modelJson, weightsBin } = await client.model(id);
  const certificate = await client.certificate(id);
  await mkdir(directory, { recursive: true });
  const files = { "model.json": modelJson, "weights.bin": weightsBin };
  for (const { name, sha256: expected } of listing.files) {
    if (toHex(sha256(files[name])) !== expected) {
      throw new CliError(
        `${name}: the bytes do not have the hash the node listed`,
        { code: "WRONG_BYTES", exit: EXIT.verification },
        "download again; if it happens again, ask another node",
      );
    }
    await writeFile(join(directory, name), files[name]);
  }
  await writeFile(join(directory, CERTIFICATE_FILE), `${JSON.stringify(certificate, null, 2)}\n`);
}

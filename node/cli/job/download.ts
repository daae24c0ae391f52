/** Downloads the results of a job into a directory: the certificate, and the files of a model. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromHex, sha256, toHex } from "../../../chain/crypto/hash.ts";
import { Header } from "../../../chain/types/block.ts";
import type { JobKind } from "../../../chain/types/job.ts";
import { canonicalJson } from "../../../ml/dataset/canonical-json.ts";
import type { PomlClient } from "../../api/client.ts";
import { type JobDetail, ofKind } from "../../api/contract/jobs/job.ts";
import { CERTIFICATE_FILE } from "../../light/certificate.ts";
import { CliError, EXIT } from "../exit-codes.ts";
import { ALGORITHM_FILE } from "../search/own-module.ts";

export interface Downloaded {
  /** Height of the block in which the certificate is anchored; compare it with a trusted node. */
  readonly anchorHeight: number;
}

/** @throws ApiError; CliError WRONG_BYTES when a file does not have the listed hash */
export async function downloadResult(
  client: PomlClient,
  { id, kind }: Pick<JobDetail, "id" | "kind">,
  directory: string,
): Promise<Downloaded> {
  const files = await FILES[kind](client, id);
  const certificate = await client.certificate(id);
  await mkdir(directory, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(directory, name), bytes);
  await writeFile(join(directory, CERTIFICATE_FILE), canonicalJson(certificate));
  return { anchorHeight: heightOf(certificate.header) };
}

type Files = Readonly<Record<string, Uint8Array>>;

/** Downloads the files of a result, besides the certificate. */
const FILES: Readonly<Record<JobKind, (client: PomlClient, id: string) => Promise<Files>>> = {
  train: modelFiles,
  search: moduleFile,
};

/** The module, if it does not come with the program; without it the finds cannot be hashed again. */
async function moduleFile(client: PomlClient, id: string): Promise<Files> {
  const { algorithm, algorithmName } = ofKind("search", await client.job(id));
  if (algorithmName !== undefined) return {};
  const module = await client.blob(algorithm);
  return module === undefined ? {} : { [ALGORITHM_FILE]: module };
}

async function modelFiles(client: PomlClient, id: string): Promise<Files> {
  const { listing, modelJson, weightsBin, datasetJson } = await client.model(id);
  const files = {
    "model.json": modelJson,
    "weights.bin": weightsBin,
    "dataset.json": datasetJson,
  };
  for (const { name, sha256: expected } of listing.files) {
    if (toHex(sha256(files[name])) !== expected) {
      throw new CliError(
        `${name}: the bytes do not have the hash the node listed`,
        { code: "WRONG_BYTES", exit: EXIT.verification },
        "download again; if it happens again, ask another node",
      );
    }
  }
  return files;
}

/** @param header SSZ header in hex. @throws CliError BAD_CERTIFICATE */
function heightOf(header: unknown): number {
  try {
    return Header.deserialize(fromHex(String(header))).height;
  } catch (cause) {
    throw new CliError(
      "the certificate has no readable block header",
      { code: "BAD_CERTIFICATE", exit: EXIT.verification },
      "ask another node",
      cause,
    );
  }
}

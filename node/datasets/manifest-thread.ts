/** The thread for one large manifest: it checks the manifest, and hands it over piece by piece on request. */
import { parentPort, workerData } from "node:worker_threads";
import { PomlError } from "../../chain/errors.ts";
import { datasetId, decodeManifest } from "../../ml/dataset/manifest.ts";
import { sentError } from "./import-messages.ts";
import { emptied, type ManifestMessage, piecesOf } from "./manifest-pieces.ts";

function* messages(): Generator<ManifestMessage, void> {
  try {
    const manifest = decodeManifest(workerData as Uint8Array);
    yield { kind: "start", manifest: emptied(manifest), id: datasetId(manifest) };
    yield* piecesOf(manifest);
    yield { kind: "done" };
  } catch (error) {
    if (!(error instanceof PomlError)) throw error;
    yield { kind: "refused", error: sentError(error) };
  }
}

const all = messages();
parentPort?.on("message", () => {
  const next = all.next();
  if (!next.done) parentPort?.postMessage(next.value);
});

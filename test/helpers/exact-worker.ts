/** A worker thread that posts the hashes of the exact engine's cases. */
import { parentPort } from "node:worker_threads";
import { createExactEngine } from "../../ml/exact/engine.ts";
import { caseHashes } from "./exact-cases.ts";

parentPort?.postMessage(await caseHashes(await createExactEngine()));

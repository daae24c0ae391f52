/**
 * The only file that imports the tfjs core and chooses its backend, once per process: tfjs-node where it is installed,
 * otherwise WebAssembly (SIMD, one thread) with the training kernels that it lacks. Import it lazily; it costs tens of
 * megabytes.
 */

import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { EngineError } from "../engine-error.ts";
import { registerBatchMatMul } from "./kernels/batch-mat-mul.ts";
import { registerConv2DBackpropFilter } from "./kernels/conv2d-backprop-filter.ts";
import { registerConv2DBackpropInput } from "./kernels/conv2d-backprop-input.ts";
import { registerCpuKernels } from "./kernels/cpu-bridge.ts";
import { registerMaxPoolGrad } from "./kernels/max-pool-grad.ts";

export { layers, tf };

export type BackendName = "tensorflow" | "wasm" | "cpu";

/** Called once with a message when training will be slow; the message says what to do. */
export type Warn = (message: string) => void;

let chosen: Promise<BackendName> | undefined;

/** @throws EngineError NO_BACKEND */
export function chooseBackend(warn: Warn): Promise<BackendName> {
  chosen ??= choose(warn);
  return chosen;
}

async function choose(warn: Warn): Promise<BackendName> {
  // Without this the core prints advice about tfjs-node to the console.
  tf.enableProdMode();
  if ((await importTfjsNode()) && (await tf.setBackend("tensorflow"))) return "tensorflow";

  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  if (await trySetBackend("wasm")) {
    registerBatchMatMul(tf);
    registerConv2DBackpropFilter(tf);
    registerConv2DBackpropInput(tf);
    registerMaxPoolGrad(tf);
    registerCpuKernels(tf);
    return "wasm";
  }
  if (await trySetBackend("cpu")) {
    warn("tfjs runs on its plain cpu backend, tens of times slower; WebAssembly did not start");
    return "cpu";
  }
  throw new EngineError(
    "tfjs has no backend on this machine",
    { code: "NO_BACKEND", tried: ["tensorflow", "wasm", "cpu"] },
    { remedy: "reinstall poml, or use the exact engine" },
  );
}

/** tfjs-node is optional and usually absent, so the compiler must not resolve its name. */
async function importTfjsNode(): Promise<boolean> {
  const name = "@tensorflow/tfjs-node";
  try {
    await import(name);
    return true;
  } catch {
    return false;
  }
}

async function trySetBackend(name: BackendName): Promise<boolean> {
  try {
    return await tf.setBackend(name);
  } catch {
    return false;
  }
}

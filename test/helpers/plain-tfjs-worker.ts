/** Opens models with tfjs as its users have it: no patched kernels, no code of this project. */
import { parentPort } from "node:worker_threads";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { loadLayersModel } from "@tensorflow/tfjs-layers";
import type { PlainAnswer, PlainQuestion } from "./plain-tfjs.ts";

tf.enableProdMode();
await tf.setBackend("cpu");

parentPort?.on("message", async (question: PlainQuestion) => {
  parentPort?.postMessage({ id: question.id, ...(await answer(question)) });
});

async function answer({ files, inputs, rows }: PlainQuestion): Promise<Omit<PlainAnswer, "id">> {
  try {
    const { modelTopology, weightsManifest } = JSON.parse(
      new TextDecoder().decode(files["model.json"]),
    );
    const [group] = weightsManifest;
    const weightData = files["weights.bin"].slice().buffer;
    const model = await loadLayersModel(
      tf.io.fromMemory({ modelTopology, weightSpecs: group.weights, weightData }),
    );
    const shape = model.inputs[0]?.shape.slice(1) ?? [];
    const outputs = tf.tidy(() => {
      const x = tf.tensor(inputs, [rows, ...(shape as number[])], model.inputs[0]?.dtype);
      const y = model.predict(x);
      return Float32Array.from((Array.isArray(y) ? y[0] : y)?.dataSync() ?? []);
    });
    model.dispose();
    return { outputs };
  } catch (error) {
    return { refusal: error instanceof Error ? error.message : String(error) };
  }
}

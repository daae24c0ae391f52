/** What a browser runs: the exact engine on kernels that the caller brings. */
import { createExactEngine } from "../../ml/exact/engine.ts";
import { caseHashes } from "./exact-cases.ts";

/** @param kernels kernels.wasm in base64 */
export async function run(kernels: string): Promise<Record<string, string>> {
  const bytes = Uint8Array.from(atob(kernels), (letter) => letter.charCodeAt(0));
  return caseHashes(await createExactEngine({ kernels: bytes }));
}

/** Finds of a search, written so that they can be checked by hand. */
import type { FindJson } from "../../api/contract/jobs/search.ts";
import type { Output } from "../output.ts";

/** Commands of every Unix that hash the bytes of standard input; of other algorithms there is none. */
const BY_HAND: Readonly<Record<string, string>> = {
  sha256: "sha256sum",
  sha256d: "sha256sum | cut -c1-64 | xxd -r -p | sha256sum",
  blake2b: "b2sum",
};
/** As many as are shown with their message. */
const SHOWN = 8;

interface Found {
  readonly algorithmName?: string | undefined;
  readonly finds: readonly FindJson[];
}

export function showFinds(output: Output, { algorithmName, finds }: Found): void {
  for (const { nonce, digest, message, node, name } of finds.slice(0, SHOWN)) {
    output.fields({
      nonce,
      digest,
      message,
      "found by": name ?? `node ${node}`,
    });
    const tool = algorithmName === undefined ? undefined : BY_HAND[algorithmName];
    if (tool !== undefined) output.line(`by hand   printf ${message} | xxd -r -p | ${tool}`);
  }
  if (finds.length > SHOWN) output.line(`… and ${finds.length - SHOWN} more`);
}

/** With how many zero bits a digest begins, or everything at most a target does. */
export function zeroBitsOf(hex: string): number {
  const first = hex.search(/[^0]/);
  if (first === -1) return 4 * hex.length;
  return 4 * first + Math.clz32(Number.parseInt(hex[first] ?? "0", 16)) - 28;
}

/** Prints the finds of a search so that people can check them with standard tools. */
import type { FindJson } from "../../api/contract/jobs/search.ts";
import type { Output } from "../output.ts";

/** Standard Unix commands that hash standard input, for the algorithms that have one. */
const BY_HAND: Readonly<Record<string, string>> = {
  sha256: "sha256sum",
  sha256d: "sha256sum | cut -c1-64 | xxd -r -p | sha256sum",
  blake2b: "b2sum",
};
/** The largest number of finds that are printed with their message. */
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

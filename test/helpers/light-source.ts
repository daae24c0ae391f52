/** Light blocks and proofs of a chain of the tests. */
import { fromHex } from "../../chain/crypto/hash.ts";
import type { LightSource } from "../../node/light/anchor.ts";
import type { LightChain } from "./light-chain.ts";
import { archiveOf } from "./settled-jobs.ts";

/** A node that answers from a chain, as the API does. */
export function sourceOf({ service, chain }: LightChain): LightSource {
  const here = <V>(value: V | undefined): V => {
    if (value === undefined) throw new Error("not here");
    return value;
  };
  return {
    lightBlock: async (height) => here(await service.block(height)),
    lightRoute: async (from, to) => [...here(await service.route(from, to)).blocks],
    proof: async (of) => {
      const found = await archiveOf(chain).find(fromHex(of.replace("jobs/", "")));
      return here(await service.proveInState("job", found?.index ?? -1));
    },
  };
}

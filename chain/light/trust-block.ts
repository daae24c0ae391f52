/** The start of a light client that knows a block by height and hash. */
import { equalBytes, toHex } from "../crypto/hash.ts";
import type { LightBlock } from "../types/light.ts";
import { LightError } from "./light-error.ts";
import { checkForm, grown, type Trusted } from "./trusted.ts";
import { type LightOptions, verifyLightBlock } from "./verify.ts";

/** The block that the owner of the client trusts. */
interface Vouched {
  readonly height: number;
  /** Block hash. */
  readonly hash: Uint8Array;
}

/**
 * Everything but the genesis root follows from the hash. The root can come from anybody; only the signatures of this
 * block's seats under that root tie the two together. Without this check, blocks of another chain whose nodes have the
 * same keys could pass for later blocks of this one.
 * @throws LightError, InvalidCertificate
 */
export async function trustBlock(
  block: LightBlock,
  vouched: Vouched,
  { genesisRoot, verify }: LightOptions & { readonly genesisRoot: Uint8Array },
): Promise<Trusted> {
  const hash = checkForm(block);
  const { height } = block.header;
  if (height !== vouched.height || !equalBytes(hash, vouched.hash)) {
    const [expected, actual] = [toHex(vouched.hash), toHex(hash)];
    throw new LightError(
      `block ${height}:${actual} is not the trusted block ${vouched.height}:${expected}`,
      { code: "LIGHT_OTHER_BLOCK", height, expected, actual },
      { remedy: "check the trusted hash, or ask another node" },
    );
  }
  return verifyLightBlock(grown({ genesisRoot, appointed: [] }, block, hash), block, { verify });
}

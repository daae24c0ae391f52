/** Verifies the certificate that a block carries for its parent, because it becomes part of the chain. */
import { equalBytes } from "../../chain/crypto/hash.ts";
import { verify } from "../../chain/crypto/keys.ts";
import { verifyCertificate } from "../../chain/finality/certificate.ts";
import { type Block, Certificate } from "../../chain/types/block.ts";
import type { ChainTip } from "./tip.ts";

/** @throws InvalidCertificate */
export async function checkParentCertificate(
  block: Block,
  tip: ChainTip,
  genesisRoot: Uint8Array,
): Promise<void> {
  if (tip.certificate === undefined) return;
  const { parentCertificate } = block;
  const known = Certificate.hashTreeRoot(tip.certificate);
  if (equalBytes(Certificate.hashTreeRoot(parentCertificate), known)) return;
  await verifyCertificate(parentCertificate, tip.seats, { genesisRoot, verify });
}

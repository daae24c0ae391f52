/**
 * The checks of a block from a peer that do not need the chain before it: it decodes, has the requested height, follows
 * the previous one, and is the block that its certificate names. Signatures are verified later (proof-ahead.ts). Every
 * failure here is the sender's fault.
 */
import { blockHash } from "../../chain/apply-block.ts";
import { equalBytes } from "../../chain/crypto/hash.ts";
import { decodeSsz } from "../../chain/decode.ts";
import { CertifiedBlock } from "../../chain/types/block.ts";
import { SyncError } from "./sync-error.ts";

export interface ReceivedBlock {
  readonly certified: CertifiedBlock;
  readonly hash: Uint8Array;
}

/**
 * @param previous the previous block in the same answer
 * @throws SyncError BAD_BLOCKS
 */
export function receiveBlock(
  bytes: Uint8Array,
  height: number,
  previous: ReceivedBlock | undefined,
): ReceivedBlock {
  const refuse = (reason: string, cause?: unknown): SyncError =>
    SyncError.badBlocks(height, reason, cause);
  const certified = decode(bytes, refuse);
  const { block, certificate } = certified;
  const { header, parentCertificate } = block;
  if (header.height !== height) throw refuse(`it has height ${header.height}`);
  const hash = blockHash(header);
  if (certificate.height !== height || !equalBytes(certificate.blockHash, hash)) {
    throw refuse("its certificate names another block");
  }
  if (previous !== undefined && !equalBytes(header.parent, previous.hash)) {
    throw refuse("it does not follow the one before it");
  }
  if (height > 1 && !equalBytes(parentCertificate.blockHash, header.parent)) {
    throw refuse("the certificate it carries is not its parent's");
  }
  return { certified, hash };
}

function decode(
  bytes: Uint8Array,
  refuse: (reason: string, cause: unknown) => SyncError,
): CertifiedBlock {
  try {
    return decodeSsz("block", CertifiedBlock, bytes);
  } catch (error) {
    throw refuse("it does not decode", error);
  }
}

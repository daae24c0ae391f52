/**
 * A node's identity on the chain (32-byte Ed25519 public key) and its libp2p peer id (base58btc of the identity
 * multihash of that key, libp2p peer-ids spec) are two forms of one key, so either can be computed from the other.
 */
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey } from "@libp2p/interface";
import { base58 } from "@scure/base";
import { P2pError, reasonOf } from "./errors.ts";

/** identity multihash (0x00), 36 bytes, then protobuf {type: Ed25519 (1), data: 32 bytes}. */
const PEER_ID_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20);
const KEY_BYTES = 32;
/** 38 bytes never need more base58 digits than this. */
const MAX_PEER_ID_TEXT = 64;

/** @param seed 32 secret bytes, from which the key pair on the chain is made too */
export function privateKeyOf(seed: Uint8Array): Promise<Ed25519PrivateKey> {
  if (seed.length !== KEY_BYTES) {
    throw new RangeError(`seed: expected ${KEY_BYTES} bytes, got ${seed.length}`);
  }
  return generateKeyPairFromSeed("Ed25519", seed);
}

/** The peer id (`12D3KooW…`) of a 32-byte Ed25519 public key. */
export function peerIdOf(publicKey: Uint8Array): string {
  if (publicKey.length !== KEY_BYTES) {
    throw new RangeError(`public key: expected ${KEY_BYTES} bytes, got ${publicKey.length}`);
  }
  const bytes = new Uint8Array(PEER_ID_PREFIX.length + KEY_BYTES);
  bytes.set(PEER_ID_PREFIX);
  bytes.set(publicKey, PEER_ID_PREFIX.length);
  return base58.encode(bytes);
}

/**
 * The 32-byte Ed25519 public key inside a peer id.
 * @throws P2pError BAD_PEER_ID for any other kind of key or malformed text
 */
export function publicKeyOf(peerId: string): Uint8Array {
  const refuse = (reason: string, cause?: unknown): P2pError =>
    new P2pError(
      `peer id ${JSON.stringify(peerId.slice(0, MAX_PEER_ID_TEXT))}: ${reason}`,
      { code: "BAD_PEER_ID", peer: peerId.slice(0, MAX_PEER_ID_TEXT), reason },
      { cause, remedy: "use the peer id of a node with an Ed25519 key; it starts with 12D3KooW" },
    );
  if (peerId.length > MAX_PEER_ID_TEXT) throw refuse("too long");
  let bytes: Uint8Array;
  try {
    bytes = base58.decode(peerId);
  } catch (error) {
    throw refuse(reasonOf(error), error);
  }
  const known = PEER_ID_PREFIX.every((byte, i) => bytes[i] === byte);
  if (!known || bytes.length !== PEER_ID_PREFIX.length + KEY_BYTES) throw refuse("not Ed25519");
  return bytes.slice(PEER_ID_PREFIX.length);
}

/**
 * Ed25519 identities (RFC 8032) over node:crypto: the only signer and verifier of the project. Key objects are cached,
 * because making one costs a good part of a verification.
 */
import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as nodeSign,
  verify as nodeVerify,
} from "node:crypto";
import { bytesKey } from "./hash.ts";
import { KeyError } from "./public-key.ts";

export interface KeyPair {
  /** 32-byte Ed25519 public key. */
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

const PKCS8_PREFIX = Uint8Array.from([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]);
const SPKI_PREFIX = Uint8Array.from([
  0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
]);

/** @param seed 32 secret bytes */
export function keyPairFromSeed(seed: Uint8Array): KeyPair {
  if (seed.length !== 32) {
    throw new KeyError(`a key seed has 32 bytes, got ${seed.length}`, {
      code: "BAD_SEED",
      reason: `length ${seed.length}`,
    });
  }
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return {
    publicKey: new Uint8Array(spki.subarray(SPKI_PREFIX.length)),
    sign: (message) => new Uint8Array(nodeSign(null, message, privateKey)),
  };
}

const CACHE_SIZE = 4096;
const keyObjects = new Map<string, KeyObject>();

function keyObject(publicKey: Uint8Array): KeyObject {
  const id = bytesKey(publicKey);
  let key = keyObjects.get(id);
  if (key === undefined) {
    const der = Buffer.concat([SPKI_PREFIX, publicKey]);
    key = createPublicKey({ key: der, format: "der", type: "spki" });
    if (keyObjects.size >= CACHE_SIZE) {
      const oldest = keyObjects.keys().next();
      if (!oldest.done) keyObjects.delete(oldest.value);
    }
    keyObjects.set(id, key);
  }
  return key;
}

/**
 * True when `signature` is valid; false for anything else, including malformed input. Never throws. It runs on the
 * thread pool: use it for many signatures at once, or when the caller has other work to do.
 */
export function verify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      nodeVerify(null, message, keyObject(publicKey), signature, (error, valid) => {
        resolve(error === null && valid);
      });
    } catch {
      resolve(false);
    }
  });
}

/**
 * `verify` on the calling thread: a quarter less work for one signature, and no queue. Only for callers that limit how
 * many they verify in a row.
 */
export function verifySync(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return nodeVerify(null, message, keyObject(publicKey), signature);
  } catch {
    return false;
  }
}

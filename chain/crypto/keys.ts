/**
 * Ed25519 identities (RFC 8032) over node:crypto: the one signer and verifier of the project.
 * Verification runs on the thread pool; key objects are cached because making one costs as much as
 * a verification.
 */
import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as nodeSign,
  verify as nodeVerify,
} from "node:crypto";
import { PomlError } from "../errors.ts";
import { bytesKey, toHex } from "./hash.ts";

export interface KeyPair {
  /** 32-byte Ed25519 public key. */
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

export class KeyError extends PomlError<{ code: "BAD_SEED" | "BAD_PUBLIC_KEY"; reason: string }> {}

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

const P = 2n ** 255n - 19n;
/** y coordinates of the eight points whose order divides 8 (RFC 8032 curve). */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  P - 1n,
  2707385501144840649318225287225658788936804267575313519463743609750303402022n,
  P - 2707385501144840649318225287225658788936804267575313519463743609750303402022n,
]);

/**
 * Refuses non-canonical and small-order keys, on which verifiers of different libraries disagree.
 * @throws KeyError BAD_PUBLIC_KEY
 */
export function checkPublicKey(publicKey: Uint8Array): void {
  const refuse = (reason: string): never => {
    throw new KeyError(`public key ${toHex(publicKey)} refused: ${reason}`, {
      code: "BAD_PUBLIC_KEY",
      reason,
    });
  };
  if (publicKey.length !== 32) refuse(`length ${publicKey.length}, expected 32`);
  let y = 0n;
  for (let i = 31; i >= 0; i--) {
    const byte = publicKey[i] ?? 0;
    y = (y << 8n) | BigInt(i === 31 ? byte & 0x7f : byte);
  }
  if (y >= P) refuse("not the canonical encoding");
  if (SMALL_ORDER_Y.has(y)) refuse("small order");
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

/** True when `signature` is valid; false for anything else, malformed input included. Never throws. */
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

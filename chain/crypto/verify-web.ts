/**
 * Ed25519 verification for browsers: WebCrypto where it is offered (pages over https or of this
 * machine, since 2025), else @noble/curves. Tests hold both to the node's verifier. They differ on keys
 * of small order or with two encodings, so callers refuse those first (public-key.ts).
 */
import { ed25519 } from "@noble/curves/ed25519.js";

type Verify = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean>;

/** True when `signature` is valid; false for anything else, malformed input included. Never throws. */
export const verifyWeb: Verify = async (publicKey, message, signature) => {
  try {
    return await (await chosen())(publicKey, message, signature);
  } catch {
    return false;
  }
};

/** The check without WebCrypto. `zip215: false`: the strict reading of RFC 8032 that nodes have. */
export const verifyNoble: Verify = async (publicKey, message, signature) => {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
};

const verifyWebCrypto: Verify = async (publicKey, message, signature) => {
  const { subtle } = globalThis.crypto;
  const bytes = new Uint8Array(publicKey);
  const key = await subtle.importKey("raw", bytes, "Ed25519", false, ["verify"]);
  return subtle.verify("Ed25519", key, new Uint8Array(signature), new Uint8Array(message));
};

let choice: Promise<Verify> | undefined;

function chosen(): Promise<Verify> {
  choice ??= offersEd25519().then((offers) => (offers ? verifyWebCrypto : verifyNoble));
  return choice;
}

/** Whether WebCrypto is there and knows Ed25519: tried with a key, since nothing announces it. */
export async function offersEd25519(): Promise<boolean> {
  const subtle = globalThis.crypto?.subtle;
  if (subtle === undefined) return false;
  try {
    const { Point } = ed25519;
    await subtle.importKey("raw", new Uint8Array(Point.BASE.toBytes()), "Ed25519", false, [
      "verify",
    ]);
    return true;
  } catch {
    return false;
  }
}

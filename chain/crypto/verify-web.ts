/**
 * Ed25519 verification for browsers: WebCrypto where it is available (on pages over https or from this machine, since
 * 2025), otherwise @noble/curves. Tests compare both with the node's verifier. They differ for keys of small order or
 * with two encodings, so callers refuse those keys first (public-key.ts).
 */
import { ed25519 } from "@noble/curves/ed25519.js";

type Verify = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean>;

/** True when `signature` is valid; false for anything else, including malformed input. Never throws. */
export const verifyWeb: Verify = async (publicKey, message, signature) => {
  try {
    return await (await chosen())(publicKey, message, signature);
  } catch {
    return false;
  }
};

/** The check without WebCrypto. `zip215: false` selects the strict reading of RFC 8032, as in nodes. */
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

/** Whether WebCrypto exists and supports Ed25519. It is tried with a key, because no property tells. */
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

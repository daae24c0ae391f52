/** Which bytes are accepted as an Ed25519 public key: the rule of registration, in integer arithmetic alone. */
import { PomlError } from "../errors.ts";
import { toHex } from "./hash.ts";

export class KeyError extends PomlError<{ code: "BAD_SEED" | "BAD_PUBLIC_KEY"; reason: string }> {}

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
 * Refuses non-canonical and small-order keys, for which verifiers of different libraries disagree.
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
  if (y >= P) refuse("it is not the canonical encoding");
  if (SMALL_ORDER_Y.has(y)) refuse("small order");
}

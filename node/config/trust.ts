/** A final block that the node's owner trusts, written as `height:hash`. */
import { fromHex, toHex } from "../../chain/crypto/hash.ts";

export interface TrustedPoint {
  readonly height: number;
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

const TRUST_FORM = /^([1-9]\d{0,9}):([0-9a-fA-F]{64})$/;

/** @returns undefined unless the text is height:hash */
export function parseTrust(text: string): TrustedPoint | undefined {
  const match = TRUST_FORM.exec(text);
  if (match === null) return undefined;
  const [, height = "", hash = ""] = match;
  return { height: Number(height), hash: fromHex(hash) };
}

export function formatTrust({ height, hash }: TrustedPoint): string {
  return `${height}:${toHex(hash)}`;
}

/**
 * The scalars of the HTTP contract: bytes are lower-case hex, amounts are decimal strings of
 * micro-POML (1 POML = 1,000,000), addresses are bech32m, times are Unix milliseconds.
 */

import { z } from "zod";
import { MAX_UINT32, MAX_UINT64 } from "../../../chain/uint-range.ts";

const hex = (bytes: number, what: string) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`), `must be ${2 * bytes} lower-case hex characters`)
    .describe(what);

/** SHA-256 digest or SSZ root. */
export const Hash = hex(32, "32 bytes, lower-case hex");
/** Ed25519 public key. */
export const PublicKey = hex(32, "Ed25519 public key, lower-case hex");
/** Ed25519 signature. */
export const Signature = hex(64, "Ed25519 signature, lower-case hex");

export const Bytes = z
  .string()
  .regex(/^([0-9a-f]{2})*$/, "must be lower-case hex of whole bytes")
  .describe("lower-case hex");

export const Amount = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,19})$/, "must be a decimal string of micro-POML")
  .refine((text) => !/^[0-9]{1,20}$/.test(text) || BigInt(text) <= MAX_UINT64, "is above 2^64 - 1")
  .describe("micro-POML as a decimal string");

/** The checksum is verified where the address is used. */
export const Address = z
  .string()
  .regex(/^poml1[02-9ac-hj-np-z]{38}$/, "must be a bech32m address poml1…")
  .describe("bech32m address");

/** Of an order: a number that its client chose. */
export const whole = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
};

export const Height = z.int().min(0).max(MAX_UINT32).describe("block height");
export const Count = z.int().min(0);
/** Accuracy and its relatives, 0 to 1 in steps of a millionth. */
export const Fraction = z.number().min(0).max(1);
export const UnixMs = z.int().min(0).describe("Unix milliseconds");

/**
 * The SSZ types from which all others are made, and their limits. Amounts are bigint micro-POML; heights and counts are
 * safe integers (uint32).
 */
import { ByteListType, ByteVectorType, UintBigintType, UintNumberType } from "@chainsafe/ssz";

export const Uint8 = new UintNumberType(1);
export const Uint16 = new UintNumberType(2);
export const Uint32 = new UintNumberType(4);
/** 64-bit counts and micro-unit amounts; always bigint. */
export const Uint64 = new UintBigintType(8);

/** SHA-256 digest or SSZ root. */
export const Hash = new ByteVectorType(32);
/** Ed25519 public key (RFC 8032). */
export const PublicKey = new ByteVectorType(32);
/** Ed25519 signature (RFC 8032). */
export const Signature = new ByteVectorType(64);
/** First 20 bytes of SHA-256 of a public key; shown as bech32m `poml1…`. */
export const Address = new ByteVectorType(20);

/** UTF-8 text of at most 64 bytes. */
export const ShortText = new ByteListType(64);
/** A multiaddr as UTF-8 text. */
export const Endpoint = new ByteListType(256);

export const MAX_TRANSACTIONS = 4096;
export const MAX_RECORDS = 256;
/** The settlement of a window may change all nodes at once, so this equals MAX_NODES. */
export const MAX_RATING_CHANGES = 2 ** 20;
export const MAX_EVIDENCE = 16;
export const MAX_SEATS = 1024;
export const MAX_TEAM = 16;
export const MAX_PARTICIPANTS = 256;
export const MAX_VERIFIERS = 8;
export const ZERO_HASH: Uint8Array = new Uint8Array(32);

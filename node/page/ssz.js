/**
 * The part of SSZ that is needed to hash a block again in the browser: the header's root, and the root of the
 * transaction list from ids and signatures (https://github.com/ethereum/consensus-specs, ssz/simple-serialize).
 */

/** @import { HeaderJson } from "../api/contract/block.ts" */

const ZERO = new Uint8Array(32);

/** Whether the browser offers SHA-256; it does so for pages over https or from this machine. */
export const canHash = globalThis.crypto?.subtle !== undefined;

/** @param {Uint8Array} left @param {Uint8Array} right */
async function hashPair(left, right) {
  const both = new Uint8Array(64);
  both.set(left);
  both.set(right, 32);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", both));
}

/**
 * Root of a binary tree over 32-byte leaves, padded with zeros to `depth` levels.
 * @param {readonly Uint8Array[]} leaves
 * @param {number} depth
 */
async function merkleize(leaves, depth) {
  let level = [...leaves];
  let padding = ZERO;
  for (let i = 0; i < depth; i++) {
    const parents = [];
    for (let at = 0; at < level.length; at += 2) {
      parents.push(await hashPair(level[at] ?? padding, level[at + 1] ?? padding));
    }
    padding = await hashPair(padding, padding);
    level = parents;
  }
  return level[0] ?? padding;
}

/** @param {string} hex */
export function fromHex(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

/** @param {Uint8Array} bytes */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A little-endian integer as one leaf. @param {number | string} value */
function integer(value) {
  const leaf = new Uint8Array(32);
  new DataView(leaf.buffer).setBigUint64(0, BigInt(value), true);
  return leaf;
}

/** Fields in the order of the chain's Header container; numbers are leaves of their own kind. */
const HEADER_FIELDS = /** @type {const} */ ([
  "version",
  "height",
  "round",
  "time",
  "parent",
  "proposer",
  "onionReveal",
  "totalWeight",
  "transactionsRoot",
  "recordsRoot",
  "ratingsRoot",
  "evidenceRoot",
  "seatsRoot",
  "stateRoot",
  "parentCertificate",
]);
const HEADER_DEPTH = 4;
/** The list holds up to 4096 = 2^12 transactions. */
const TRANSACTIONS_DEPTH = 12;

/**
 * The block hash that follows from a header.
 * @param {HeaderJson} header
 */
export async function headerRoot(header) {
  const leaves = HEADER_FIELDS.map((name) => {
    const value = header[name];
    return typeof value === "number" || name === "totalWeight" ? integer(value) : fromHex(value);
  });
  return toHex(await merkleize(leaves, HEADER_DEPTH));
}

/**
 * The root of a block's transactions. An id is the root of the transaction without its signature.
 * @param {readonly { id: string, signature: string }[]} transactions
 */
export async function transactionsRoot(transactions) {
  const leaves = await Promise.all(
    transactions.map(async ({ id, signature }) => {
      const bytes = fromHex(signature);
      return hashPair(fromHex(id), await hashPair(bytes.slice(0, 32), bytes.slice(32)));
    }),
  );
  const root = await merkleize(leaves, TRANSACTIONS_DEPTH);
  return toHex(await hashPair(root, integer(transactions.length)));
}

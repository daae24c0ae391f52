/**
 * The light client in the browser: the same sources as chain/light, bundled to /assets/light.js, with the browser's
 * SHA-256 and Ed25519. The page asks its node for blocks and trusts none of them.
 */
import { fromHex, toHex } from "../../../chain/crypto/hash.ts";
import { offersEd25519, verifyNoble, verifyWeb } from "../../../chain/crypto/verify-web.ts";
import { PomlError } from "../../../chain/errors.ts";
import { decodeInclusionProof, decodeLightBlock } from "../../../chain/light/codec.ts";
import { verifyInclusion } from "../../../chain/light/inclusion.ts";
import { trustBlock } from "../../../chain/light/trust-block.ts";
import type { Trusted } from "../../../chain/light/trusted.ts";
import { verifyLightBlocks } from "../../../chain/light/verify.ts";
import type { LightBlock } from "../../../chain/types/light.ts";

export { fromHex, offersEd25519, toHex, verifyNoble, verifyWeb };

/** The block from which the owner of the browser starts. */
export interface Vouched {
  readonly height: number;
  /** Hex. */
  readonly hash: string;
  /** Hex. */
  readonly genesisRoot: string;
}

export interface Checked {
  readonly height: number;
  readonly hash: string;
  /** Number of blocks that were verified, including the last one. */
  readonly steps: number;
  readonly signatures: number;
}

/**
 * Follows light blocks (SSZ in hex) from a block that the owner of the browser trusts; the first is that block.
 * @throws PomlError with the code of the fault
 */
export async function follow(vouched: Vouched, hexes: readonly string[]): Promise<Checked> {
  const { checked } = await walk(vouched, hexes);
  return checked;
}

/**
 * Does the same, and then checks a proof against the last block.
 * @returns what is proven, bytes as hex
 * @throws PomlError
 */
export async function prove(
  vouched: Vouched,
  hexes: readonly string[],
  proof: string,
): Promise<{ readonly kind: string; readonly index: number; readonly ssz: string }> {
  const { trusted } = await walk(vouched, hexes);
  if (trusted.header === undefined) throw new RangeError("a proof needs a block");
  const decoded = decodeInclusionProof(fromHex(proof));
  const { kind, index } = verifyInclusion(trusted.header, decoded);
  return { kind, index, ssz: toHex(decoded.value) };
}

/** Asks the node of this page for the route from the trusted block to `height`, and verifies it. */
export async function verifyBlock(vouched: Vouched, height: number): Promise<Checked> {
  const first = await get<{ block: string }>(`/v1/light/blocks/${vouched.height}`);
  const path = `/v1/light/updates?from=${vouched.height}&to=${height}`;
  const { updates, complete } = await get<{ updates: string[]; complete: boolean }>(path);
  if (!complete) throw new Error(`the node knows no short way to block ${height}`);
  return follow(vouched, [first.block, ...updates]);
}

/** The code of a refusal, for the page to show. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof PomlError ? String(error.code) : undefined;
}

async function walk(
  vouched: Vouched,
  hexes: readonly string[],
): Promise<{ trusted: Trusted; checked: Checked }> {
  const [first, ...rest] = hexes.map((hex): LightBlock => decodeLightBlock(fromHex(hex)));
  if (first === undefined) throw new RangeError("nothing to start from");
  const options = { genesisRoot: fromHex(vouched.genesisRoot), verify: verifyWeb };
  const known = { height: vouched.height, hash: fromHex(vouched.hash) };
  const start = await trustBlock(first, known, options);
  const trusted = await verifyLightBlocks(start, rest, options);
  const signatures = [first, ...rest].reduce(
    (sum, { certificate }) => sum + certificate.signatures.length,
    0,
  );
  const { height, hash } = trusted;
  return { trusted, checked: { height, hash: toHex(hash), steps: rest.length, signatures } };
}

async function get<V>(path: string): Promise<V> {
  const answer = await fetch(path, { signal: AbortSignal.timeout(20_000) });
  if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status}`);
  return (await answer.json()) as V;
}

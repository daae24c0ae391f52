/**
 * One step of a light client: from a trusted block to a later one, without a state. The later block must be certified
 * by its own seats, and these must be linked to what is trusted: either a proven state appointed them, or seats with
 * more than a third of the trusted weight signed the block. With either link there is a correct seat among them as long
 * as the faulty ones have less than a third, and a correct seat precommits only what the chain decides. So it does not
 * matter how many heights are skipped.
 */
import { equalBytes, toHex } from "../crypto/hash.ts";
import { checkPublicKey } from "../crypto/public-key.ts";
import { PomlError } from "../errors.ts";
import { type VerifySignature, verifyCertificate } from "../finality/certificate.ts";
import { exceedsThird } from "../finality/quorum.ts";
import type { LightBlock } from "../types/light.ts";
import type { Seat } from "../types/node.ts";
import { LightError } from "./light-error.ts";
import { checkForm, grown, type Trusted } from "./trusted.ts";

export interface LightOptions {
  /** Ed25519, as in chain/crypto/keys.ts or chain/crypto/verify-web.ts. */
  readonly verify: VerifySignature;
}

/**
 * @returns what to trust from now on
 * @throws LightError, InvalidCertificate
 */
export async function verifyLightBlock(
  trusted: Trusted,
  block: LightBlock,
  { verify }: LightOptions,
): Promise<Trusted> {
  const { header, certificate, seats } = block;
  const hash = checkForm(block);
  checkOrder(trusted, block, hash);
  if (certificate.height !== header.height || !equalBytes(certificate.blockHash, hash)) {
    throw new LightError(`the certificate is not for block ${header.height}`, {
      code: "LIGHT_CERTIFICATE_OF_ANOTHER_BLOCK",
      height: header.height,
    });
  }
  checkSeats(block);
  if (!isLinked(trusted, block)) {
    throw new LightError(
      `nothing links the seats of block ${header.height} to block ${trusted.height}`,
      { code: "LIGHT_STRANGERS", trusted: trusted.height, height: header.height },
      { remedy: "ask for blocks between the two; if none of them is valid, ask another node" },
    );
  }
  await verifyCertificate(certificate, seats, { genesisRoot: trusted.genesisRoot, verify });
  return grown(trusted, block, hash);
}

/**
 * Several steps in order.
 * @throws as `verifyLightBlock`
 */
export async function verifyLightBlocks(
  trusted: Trusted,
  blocks: readonly LightBlock[],
  options: LightOptions,
): Promise<Trusted> {
  let believed = trusted;
  for (const block of blocks) believed = await verifyLightBlock(believed, block, options);
  return believed;
}

/**
 * Trust expires: after this time the nodes may have left with their bonds, and their old keys may be for sale.
 * @throws LightError LIGHT_TRUST_EXPIRED
 */
export function checkFresh(
  trusted: Trusted,
  { nowMs, limitMs }: { readonly nowMs: bigint; readonly limitMs: bigint },
): void {
  const ageMs = nowMs - trusted.time;
  if (ageMs <= limitMs) return;
  throw new LightError(
    `block ${trusted.height} is too old to start from: ${ageMs} ms, the limit is ${limitMs}`,
    { code: "LIGHT_TRUST_EXPIRED", trusted: trusted.height, ageMs, limitMs },
    { remedy: "take a recent height and hash from a node you trust" },
  );
}

/** Whether the seats of `block` follow from what is trusted; signatures are not checked here. */
export function isLinked(trusted: Trusted, block: LightBlock): boolean {
  const { seatsRoot } = block.header;
  if (trusted.header !== undefined && equalBytes(trusted.header.seatsRoot, seatsRoot)) return true;
  if (trusted.appointed.some((root) => equalBytes(root, seatsRoot))) return true;
  const total = trusted.seats.reduce((sum, { weight }) => sum + weight, 0n);
  return exceedsThird(signedWeight(trusted.seats, block), total);
}

/** The trusted weight behind a certificate: each key counts once, with the weight that it had. */
function signedWeight(believed: readonly Seat[], { certificate, seats }: LightBlock): bigint {
  const weights = new Map(believed.map(({ publicKey, weight }) => [toHex(publicKey), weight]));
  let signed = 0n;
  for (const { seat } of certificate.signatures) {
    const holder = seats[seat];
    const key = holder === undefined ? "" : toHex(holder.publicKey);
    signed += weights.get(key) ?? 0n;
    weights.delete(key);
  }
  return signed;
}

function checkOrder(trusted: Trusted, { header }: LightBlock, hash: Uint8Array): void {
  if (header.height === trusted.height && equalBytes(hash, trusted.hash)) return;
  if (header.height <= trusted.height) {
    throw new LightError(`block ${header.height} is not above block ${trusted.height}`, {
      code: "LIGHT_NOT_LATER",
      trusted: trusted.height,
      height: header.height,
    });
  }
  if (header.time <= trusted.time) {
    throw new LightError("time does not move forward", {
      code: "LIGHT_TIME",
      trusted: trusted.time,
      time: header.time,
    });
  }
}

/** Refuses keys for which verifiers disagree; they never become nodes. So every light client decides alike. */
function checkSeats({ header, seats }: LightBlock): void {
  let total = 0n;
  const keys = new Set<string>();
  for (const { publicKey, weight } of seats) {
    try {
      checkPublicKey(publicKey);
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      throw new LightError(error.message, { code: "LIGHT_SEATS", reason: "key" }, { cause: error });
    }
    keys.add(toHex(publicKey));
    total += weight;
  }
  if (keys.size !== seats.length) {
    throw new LightError("a key has two seats", { code: "LIGHT_SEATS", reason: "duplicate" });
  }
  if (total !== header.totalWeight) {
    throw new LightError("the weight of the seats differs from the header", {
      code: "LIGHT_SEATS",
      reason: "weight",
    });
  }
}

/**
 * Certificates: precommits of more than 2/3 of the weight for one block. Nodes and light clients share this file; the
 * signature check is passed in, so that a browser can use WebCrypto.
 */
import { equalBytes } from "../crypto/hash.ts";
import { PomlError } from "../errors.ts";
import type { Certificate } from "../types/block.ts";
import type { Vote } from "../types/vote.ts";
import { isQuorum } from "./quorum.ts";
import { voteSigningRoot, voteTypeIndex, voteValue } from "./vote.ts";

type CertificateFacts =
  | { code: "CERTIFICATE_FOR_NIL" }
  | { code: "CERTIFICATE_UNKNOWN_SEAT"; seat: number; seats: number }
  | { code: "CERTIFICATE_DUPLICATE_SEAT"; seat: number }
  | { code: "CERTIFICATE_NOT_SORTED"; seat: number }
  | { code: "CERTIFICATE_TOO_LITTLE_WEIGHT"; weight: bigint; total: bigint }
  | { code: "CERTIFICATE_BAD_SIGNATURE"; seat: number };

class InvalidCertificate extends PomlError<CertificateFacts> {}

/** Ed25519, as in chain/crypto/keys.ts or WebCrypto. */
export type VerifySignature = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean>;

interface VerifyCertificateOptions {
  readonly genesisRoot: Uint8Array;
  readonly verify: VerifySignature;
}

/**
 * All checks of a certificate except its signatures. The caller compares height and block hash.
 * @throws InvalidCertificate
 */
export function verifyCertificateWeight(
  certificate: Certificate,
  seats: readonly { readonly weight: bigint }[],
): void {
  if (voteValue(certificate.blockHash) === null) {
    throw new InvalidCertificate("a certificate cannot be for nil", {
      code: "CERTIFICATE_FOR_NIL",
    });
  }
  let weight = 0n;
  let previous = -1;
  for (const { seat } of certificate.signatures) {
    const holder = seats[seat];
    if (holder === undefined) {
      throw new InvalidCertificate(`seat ${seat} does not exist, there are ${seats.length}`, {
        code: "CERTIFICATE_UNKNOWN_SEAT",
        seat,
        seats: seats.length,
      });
    }
    if (seat === previous) {
      throw new InvalidCertificate(`seat ${seat} signs twice`, {
        code: "CERTIFICATE_DUPLICATE_SEAT",
        seat,
      });
    }
    if (seat < previous) {
      throw new InvalidCertificate("signatures are not in seat order", {
        code: "CERTIFICATE_NOT_SORTED",
        seat,
      });
    }
    weight += holder.weight;
    previous = seat;
  }
  const total = seats.reduce((sum, seat) => sum + seat.weight, 0n);
  if (!isQuorum(weight, total)) {
    throw new InvalidCertificate(
      `the signatures have a weight of ${weight} out of ${total}; more than 2/3 is needed`,
      { code: "CERTIFICATE_TOO_LITTLE_WEIGHT", weight, total },
    );
  }
}

/**
 * The complete check; all signatures cover the same root.
 * @throws InvalidCertificate
 */
export async function verifyCertificate(
  certificate: Certificate,
  seats: readonly { readonly weight: bigint; readonly publicKey: Uint8Array }[],
  { genesisRoot, verify }: VerifyCertificateOptions,
): Promise<void> {
  verifyCertificateWeight(certificate, seats);
  const { height, round, blockHash } = certificate;
  const type = voteTypeIndex("precommit");
  const message = voteSigningRoot(genesisRoot, { height, round, type, blockHash });
  const results = await Promise.all(
    certificate.signatures.map(async ({ seat, signature }) => {
      const holder = seats[seat];
      return holder !== undefined && (await verify(holder.publicKey, message, signature));
    }),
  );
  const bad = certificate.signatures[results.indexOf(false)];
  if (bad !== undefined) {
    throw new InvalidCertificate(
      `the signature of seat ${bad.seat} does not match: it was altered, or belongs to another chain`,
      { code: "CERTIFICATE_BAD_SIGNATURE", seat: bad.seat },
    );
  }
}

/**
 * Makes the certificate from precommits for one block: in seat order, each seat once.
 * @throws RangeError if there are none or they do not agree
 */
export function assembleCertificate(votes: readonly Vote[]): Certificate {
  const [model] = votes;
  if (model === undefined) throw new RangeError("a certificate needs at least one precommit");
  const { height, round, blockHash } = model;
  const type = voteTypeIndex("precommit");
  const bySeat = new Map<number, Vote>();
  for (const vote of votes) {
    const agrees =
      vote.type === type &&
      vote.height === height &&
      vote.round === round &&
      vote.validRound === 0 &&
      equalBytes(vote.blockHash, blockHash);
    if (!agrees) throw new RangeError("a certificate takes precommits for one block in one round");
    if (!bySeat.has(vote.seat)) bySeat.set(vote.seat, vote);
  }
  const signatures = [...bySeat.values()]
    .sort((a, b) => a.seat - b.seat)
    .map(({ seat, signature }) => ({ seat, signature }));
  return { height, round, blockHash, signatures };
}

/** What certificates of all kinds of work prove, as sentences. */
import { formatAddress } from "../../chain/crypto/address.ts";
import { toHex } from "../../chain/crypto/hash.ts";
import { isOut } from "../../chain/job/phase.ts";
import { Header } from "../../chain/types/block.ts";
import type { Job } from "../../chain/types/job.ts";
import type { Anchored } from "./anchor.ts";
import { VerifyError } from "./certificate.ts";

export interface ProvedClaim {
  readonly claim: string;
  readonly detail: string;
}

export function chainClaims({ block, trusted }: Anchored): ProvedClaim[] {
  const { header, certificate, seats } = block;
  const signers = certificate.signatures.map(({ seat }) => seats[seat]?.weight ?? 0n);
  const signed = signers.reduce((sum, weight) => sum + weight, 0n);
  const start = trusted.height === 0 ? "the genesis" : `block ${trusted.height}`;
  const time = new Date(Number(trusted.time)).toISOString();
  return [
    {
      claim: "final",
      detail: `block ${header.height}:${toHex(Header.hashTreeRoot(header))} signed by ${signers.length} of ${seats.length} seats, weight ${signed} of ${header.totalWeight}`,
    },
    { claim: "chain", detail: `it follows from ${start} of ${time}, which you trust` },
  ];
}

export function jobClaim({ id, client, round }: Job): ProvedClaim {
  const detail = `${toHex(id)} for ${formatAddress(client)}, ${round} rounds recorded`;
  return { claim: "job", detail };
}

export function auditsOf({ participants, audits }: Job): string {
  const verified = participants.reduce((sum, { verifiedRounds }) => sum + verifiedRounds, 0);
  const paid = participants.reduce((sum, { paidRounds }) => sum + paidRounds, 0);
  const faulty = participants.filter(isOut);
  const marks = faulty.map(({ node, faultRound }) => `node #${node} from round ${faultRound} on`);
  return [
    `${verified} of ${paid} paid updates replayed in part by others, bit by bit`,
    ...(audits.length > 0 ? [`${audits.length} audits under way`] : []),
    ...(marks.length > 0 ? [`found false and still in the rounds: ${marks.join(", ")}`] : []),
  ].join("; ");
}

/** @throws VerifyError NOT_PROVED */
export function require(holds: boolean, claim: string): void {
  if (holds) return;
  throw new VerifyError(
    `not proved: ${claim}`,
    { code: "NOT_PROVED", claim },
    { remedy: "do not use this result; download it again or check the trusted block" },
  );
}

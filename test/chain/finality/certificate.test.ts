import { expect } from "chai";
import { keyPairFromSeed, verify } from "../../../chain/crypto/keys.ts";
import {
  assembleCertificate,
  verifyCertificate,
  verifyCertificateWeight,
} from "../../../chain/finality/certificate.ts";
import { voteSigningRoot } from "../../../chain/finality/vote.ts";
import { Certificate } from "../../../chain/types/block.ts";
import { ZERO_HASH } from "../../../chain/types/primitive.ts";
import type { Vote } from "../../../chain/types/vote.ts";
import { expectCode, expectCodeAsync } from "../../helpers/expect-code.ts";
import { V, vote, W } from "./drive.ts";

describe("certificate", () => {
  const genesisRoot = new Uint8Array(32).fill(9);
  const keys = [1, 2, 3, 4].map((seed) => keyPairFromSeed(new Uint8Array(32).fill(seed)));
  const seats = keys.map(({ publicKey }) => ({ publicKey, weight: 25n }));
  const signed = (seat: number, chosen = V): Vote => {
    const unsigned = vote("precommit", seat, { round: 2, value: chosen });
    const signature = keys[seat]?.sign(voteSigningRoot(genesisRoot, unsigned)) ?? ZERO_HASH;
    return { ...unsigned, signature };
  };
  const good = assembleCertificate([signed(3), signed(0), signed(1)]);

  it("is in seat order, each seat once, whatever the order of arrival", () => {
    const again = assembleCertificate([signed(1), signed(3), signed(1), signed(0)]);
    expect(again).to.deep.equal(good);
    expect(good.signatures.map(({ seat }) => seat)).to.deep.equal([0, 1, 3]);
    expect(Certificate.deserialize(Certificate.serialize(good))).to.deep.equal(good);
  });

  it("is made of precommits for one block in one round only", () => {
    expect(() => assembleCertificate([])).to.throw(RangeError);
    expect(() => assembleCertificate([signed(0), signed(1, W)])).to.throw(RangeError);
    expect(() => assembleCertificate([signed(0), { ...signed(1), round: 3 }])).to.throw(RangeError);
    expect(() => assembleCertificate([vote("prevote", 0, { value: V })])).to.throw(RangeError);
  });

  it("holds with its signatures", async () => {
    await verifyCertificate(good, seats, { genesisRoot, verify });
  });

  it("refuses CERTIFICATE_TOO_LITTLE_WEIGHT at exactly 2/3", () => {
    const weights = [1n, 1n, 1n].map((weight) => ({ weight }));
    const two = assembleCertificate([signed(0), signed(1)]);
    expectCode(() => verifyCertificateWeight(two, weights), "CERTIFICATE_TOO_LITTLE_WEIGHT");
    verifyCertificateWeight(two, [{ weight: 2n }, { weight: 1n }, { weight: 1n }]);
  });

  const refusals: readonly [string, Partial<Certificate>][] = [
    ["CERTIFICATE_DUPLICATE_SEAT", { signatures: [0, 0, 1].map(signatureOf) }],
    ["CERTIFICATE_NOT_SORTED", { signatures: [1, 0, 3].map(signatureOf) }],
    ["CERTIFICATE_UNKNOWN_SEAT", { signatures: [0, 1, 4].map(signatureOf) }],
    ["CERTIFICATE_TOO_LITTLE_WEIGHT", { signatures: [] }],
    ["CERTIFICATE_FOR_NIL", { blockHash: ZERO_HASH }],
  ];
  for (const [code, change] of refusals) {
    it(`refuses ${code}`, () => {
      expectCode(() => verifyCertificateWeight({ ...good, ...change }, seats), code);
    });
  }

  it("refuses CERTIFICATE_BAD_SIGNATURE and names the seat", async () => {
    const forged = assembleCertificate([signed(0), { ...signed(1), seat: 2 }, signed(3)]);
    const check = (): Promise<void> => verifyCertificate(forged, seats, { genesisRoot, verify });
    const error = await expectCodeAsync(check, "CERTIFICATE_BAD_SIGNATURE");
    expect(error.facts).to.deep.include({ seat: 2 });
  });

  it("is worthless on another chain and for another height", async () => {
    for (const [certificate, root] of [
      [good, new Uint8Array(32).fill(8)],
      [{ ...good, height: good.height + 1 }, genesisRoot],
    ] as const) {
      await expectCodeAsync(
        () => verifyCertificate(certificate, seats, { genesisRoot: root, verify }),
        "CERTIFICATE_BAD_SIGNATURE",
      );
    }
  });

  function signatureOf(seat: number): { seat: number; signature: Uint8Array } {
    return { seat, signature: new Uint8Array(64) };
  }
});

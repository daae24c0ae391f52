import { expect } from "chai";
import elliptic from "elliptic";
import { fromHex, sha256, toHex } from "../../../chain/crypto/hash.ts";
import { keyPairFromSeed, verify, verifySync } from "../../../chain/crypto/keys.ts";
import { checkPublicKey } from "../../../chain/crypto/public-key.ts";
import { expectCode } from "../../helpers/expect-code.ts";

const P = 2n ** 255n - 19n;
/** Order of the base point. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

const littleEndian = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
const bigintOf = (bytes: Uint8Array): bigint =>
  bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);

/** Both ways of verifying must say the same. */
async function verifyBoth(...check: Parameters<typeof verify>): Promise<boolean> {
  const valid = await verify(...check);
  expect(verifySync(...check)).to.equal(valid);
  return valid;
}

/** RFC 8032, section 7.1, tests 1 to 3. */
const RFC_8032 = [
  {
    seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  },
  {
    seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    message: "72",
    signature:
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  },
  {
    seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    message: "af82",
    signature:
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  },
];

describe("Ed25519 keys", () => {
  const { eddsa: Eddsa } = elliptic;
  const other = new Eddsa("ed25519");

  it("follows RFC 8032", async () => {
    for (const vector of RFC_8032) {
      const keys = keyPairFromSeed(fromHex(vector.seed));
      const message = fromHex(vector.message);
      expect(toHex(keys.publicKey)).to.equal(vector.publicKey);
      expect(toHex(keys.sign(message))).to.equal(vector.signature);
      expect(await verifyBoth(keys.publicKey, message, fromHex(vector.signature))).to.equal(true);
    }
  });

  it("agrees with an independent implementation, both ways", async () => {
    for (let i = 0; i < 8; i++) {
      const seed = sha256(Uint8Array.of(i));
      const message = sha256(seed);
      const ours = keyPairFromSeed(seed);
      const theirs = other.keyFromSecret(Buffer.from(seed));
      expect(toHex(Uint8Array.from(theirs.getPublic()))).to.equal(toHex(ours.publicKey));
      const signature = Uint8Array.from(theirs.sign(Buffer.from(message)).toBytes());
      expect(await verifyBoth(ours.publicKey, message, signature)).to.equal(true);
      const key = other.keyFromPublic(toHex(ours.publicKey));
      expect(key.verify(Buffer.from(message), toHex(ours.sign(message)))).to.equal(true);
    }
  });

  it("finds an altered message, key or signature false, and malformed input as well", async () => {
    const keys = keyPairFromSeed(sha256(Uint8Array.of(1)));
    const stranger = keyPairFromSeed(sha256(Uint8Array.of(2)));
    const message = sha256(Uint8Array.of(3));
    const signature = keys.sign(message);
    const altered = signature.slice();
    altered[40] = (altered[40] ?? 0) ^ 1;
    expect(await verifyBoth(keys.publicKey, message, signature)).to.equal(true);
    expect(await verifyBoth(keys.publicKey, sha256(message), signature)).to.equal(false);
    expect(await verifyBoth(stranger.publicKey, message, signature)).to.equal(false);
    expect(await verifyBoth(keys.publicKey, message, altered)).to.equal(false);
    expect(await verifyBoth(keys.publicKey, message, signature.subarray(1))).to.equal(false);
    expect(await verifyBoth(keys.publicKey.subarray(1), message, signature)).to.equal(false);
    expect(await verifyBoth(new Uint8Array(32).fill(255), message, signature)).to.equal(false);
  });

  it("takes one form of a signature only: s + L is refused", async () => {
    const keys = keyPairFromSeed(sha256(Uint8Array.of(4)));
    const message = sha256(Uint8Array.of(5));
    const signature = keys.sign(message);
    const second = signature.slice();
    second.set(littleEndian(bigintOf(signature.subarray(32)) + L), 32);
    expect(await verifyBoth(keys.publicKey, message, second)).to.equal(false);
  });

  it("refuses small-order keys, with either sign of x", () => {
    const order8 = fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
    const points = [0n, 1n, P - 1n, bigintOf(order8), P - bigintOf(order8)].map(littleEndian);
    for (const point of points) {
      for (const sign of [0, 0x80]) {
        const key = point.slice();
        key[31] = (key[31] ?? 0) | sign;
        expect(expectCode(() => checkPublicKey(key), "BAD_PUBLIC_KEY").facts).to.include({
          reason: "small order",
        });
      }
    }
  });

  it("refuses keys that are not canonical or of another length", () => {
    for (const y of [P, P + 1n, 2n ** 255n - 1n]) {
      expectCode(() => checkPublicKey(littleEndian(y)), "BAD_PUBLIC_KEY");
    }
    expectCode(() => checkPublicKey(new Uint8Array(31)), "BAD_PUBLIC_KEY");
    const { publicKey } = keyPairFromSeed(sha256(Uint8Array.of(6)));
    expect(() => checkPublicKey(publicKey)).not.to.throw();
  });

  it("refuses a seed of another length without showing it", () => {
    const error = expectCode(() => keyPairFromSeed(new Uint8Array(31).fill(0xab)), "BAD_SEED");
    expect(error.message).to.include("31").and.not.include("ab");
  });
});

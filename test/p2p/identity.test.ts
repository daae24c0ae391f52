import { randomBytes } from "node:crypto";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { expect } from "chai";
import { keyPairFromSeed } from "../../chain/crypto/keys.ts";
import { peerIdOf, privateKeyOf, publicKeyOf } from "../../p2p/identity.ts";

describe("identity", () => {
  it("gives the chain key and the libp2p key of one seed the same name", async () => {
    for (let i = 0; i < 8; i++) {
      const seed = randomBytes(32);
      const { publicKey } = keyPairFromSeed(seed);
      const libp2pId = peerIdFromPrivateKey(await privateKeyOf(seed)).toString();
      expect(peerIdOf(publicKey)).to.equal(libp2pId);
      expect(publicKeyOf(libp2pId)).to.deep.equal(publicKey);
    }
  });

  it("refuses BAD_PEER_ID for other keys, damaged text and huge text", () => {
    const rsa = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";
    for (const text of [rsa, "12D3KooW0OIl", "", "1".repeat(10_000)]) {
      expect(() => publicKeyOf(text))
        .to.throw()
        .with.property("code", "BAD_PEER_ID");
    }
  });

  it("refuses keys and seeds of the wrong length", () => {
    expect(() => peerIdOf(new Uint8Array(31))).to.throw(RangeError);
    expect(() => privateKeyOf(new Uint8Array(33))).to.throw(RangeError);
  });
});

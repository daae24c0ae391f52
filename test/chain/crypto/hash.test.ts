import { expect } from "chai";
import {
  compareBytes,
  equalBytes,
  fromHex,
  sha256,
  taggedHash,
  toHex,
  uint32Bytes,
} from "../../../chain/crypto/hash.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("hash helpers", () => {
  it("hash by SHA-256 (FIPS 180-2, appendix B.1), in one part or several", () => {
    const digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(toHex(sha256(text("abc")))).to.equal(digest);
    expect(toHex(sha256(text("a"), text("bc")))).to.equal(digest);
  });

  it("keep a tag apart from what follows it", () => {
    expect(toHex(taggedHash("ab", text("c")))).not.to.equal(toHex(taggedHash("a", text("bc"))));
    expect(toHex(taggedHash("a"))).to.equal(toHex(sha256(Uint8Array.of(1), text("a"))));
  });

  it("write integers little-endian", () => {
    expect(toHex(uint32Bytes(0x01020304))).to.equal("04030201");
  });

  it("read hex of whole bytes in either case, and nothing else", () => {
    expect(toHex(fromHex("00fFa0"))).to.equal("00ffa0");
    for (const bad of ["0", "0g", "0x00", " 00"]) expect(() => fromHex(bad)).to.throw(TypeError);
  });

  it("order bytes like text, a prefix first", () => {
    const sorted = ["", "00", "0001", "01", "ff"].map(fromHex);
    expect([...sorted].reverse().sort(compareBytes)).to.deep.equal(sorted);
    expect(equalBytes(fromHex("0001"), fromHex("0001"))).to.equal(true);
    expect(equalBytes(fromHex("0001"), fromHex("00"))).to.equal(false);
  });
});

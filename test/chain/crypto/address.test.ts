import { bech32m } from "@scure/base";
import { expect } from "chai";
import { addressOf, formatAddress, parseAddress } from "../../../chain/crypto/address.ts";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { person } from "../../helpers/chain.ts";
import { expectCode } from "../../helpers/expect-code.ts";

const reasonOf = (text: string): string =>
  String((expectCode(() => parseAddress(text), "BAD_ADDRESS").facts as { reason?: string }).reason);

describe("addresses", () => {
  const { keys, address } = person("someone");

  it("are the first 20 bytes of the key's SHA-256, in bech32m", () => {
    expect(toHex(addressOf(keys.publicKey))).to.equal(toHex(sha256(keys.publicKey)).slice(0, 40));
    const text = formatAddress(address);
    expect(text).to.match(/^poml1[02-9ac-hj-np-z]{38}$/);
    expect(toHex(parseAddress(text))).to.equal(toHex(address));
    expect(toHex(parseAddress(text.toUpperCase()))).to.equal(toHex(address));
  });

  it("are refused when any one character is mistyped", () => {
    const text = formatAddress(address);
    for (let i = 0; i < text.length; i++) {
      const typo = text.slice(0, i) + (text[i] === "q" ? "p" : "q") + text.slice(i + 1);
      expectCode(() => parseAddress(typo), "BAD_ADDRESS");
    }
  });

  it("are refused with the reason and a remedy", () => {
    const words = bech32m.toWords(address);
    expect(reasonOf(bech32m.encode("bc", words))).to.equal("prefix is bc, expected poml");
    const short = bech32m.encode("poml", bech32m.toWords(address.subarray(1)));
    expect(reasonOf(short)).to.equal("has 19 bytes, expected 20");
    expect(reasonOf("")).to.include("mistyped");
    expect(expectCode(() => parseAddress("0x1234"), "BAD_ADDRESS").remedy).to.include("poml1");
  });
});

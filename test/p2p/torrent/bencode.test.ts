import { expect } from "chai";
import fc from "fast-check";
import { type Bencoded, decode, encode } from "../../../p2p/torrent/bencode.ts";
import { expectCode } from "../../helpers/expect-code.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const bytes = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, "latin1"));

const value = fc.letrec<{ value: Bencoded }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.maxSafeInteger(),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      fc
        .string({ minLength: 1, maxLength: 6 })
        .filter((key) => key !== "__proto__" && isAscii(key)),
      tie("value"),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).value;

function isAscii(key: string): boolean {
  return [...key].every((character) => character.charCodeAt(0) < 128);
}

describe("bencode", () => {
  it("writes the four kinds as BEP 3 shows them", () => {
    expect(text(encode(bytes("spam")))).to.equal("4:spam");
    expect(text(encode(-3))).to.equal("i-3e");
    expect(text(encode([bytes("spam"), 0]))).to.equal("l4:spami0ee");
    expect(text(encode({ spam: [bytes("a")], cow: bytes("moo") }))).to.equal(
      "d3:cow3:moo4:spaml1:aee",
    );
  });

  it("reads back what it wrote", () => {
    fc.assert(
      fc.property(value, (original) => {
        expect(decode(encode(original))).to.deep.equal(original);
      }),
    );
  });

  it("has one encoding per value, whatever the bytes", () => {
    const nearly = fc.oneof(
      fc.uint8Array({ maxLength: 30 }),
      fc.tuple(value, fc.nat(), fc.nat(255)).map(([original, at, byte]) => {
        const changed = encode(original);
        if (changed.length > 0) changed[at % changed.length] = byte;
        return changed;
      }),
    );
    fc.assert(
      fc.property(nearly, (input) => {
        let decoded: Bencoded;
        try {
          decoded = decode(input);
        } catch (error) {
          expect(error).to.have.property("code", "TORRENT_INVALID");
          return;
        }
        expect(text(encode(decoded))).to.equal(text(input));
      }),
      { numRuns: 500 },
    );
  });

  it("refuses TORRENT_INVALID for every laxness others allow", () => {
    const refused = [
      "i03e",
      "i-0e",
      "ie",
      "i1",
      "i99999999999999999999e",
      "03:abc",
      "4:abc",
      "-1:",
      "9999999999:",
      "d1:b0:1:a0:e",
      "d1:a0:1:a0:e",
      "di1e0:e",
      "l",
      "le0:",
      "",
      "l".repeat(1000),
    ];
    for (const input of refused) expectCode(() => decode(bytes(input)), "TORRENT_INVALID");
  });
});

import { expect } from "chai";
import fc from "fast-check";
import { canonicalJson, parseCanonicalJson } from "../../../ml/dataset/canonical-json.ts";
import { expectCode } from "../../helpers/expect-code.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const written = (value: unknown): string => new TextDecoder().decode(canonicalJson(value));

describe("canonical JSON (RFC 8785)", () => {
  it("sorts keys by UTF-16 code units, digits and characters beyond the first plane too", () => {
    // The list of RFC 8785, section 3.2.3, and numbers, which an object would put in another order.
    const keys = ["\u20ac", "\r", "\ufb33", "1", "\u{1f600}", "\u0080", "\u00f6", "10", "9", ""];
    const value = Object.fromEntries(keys.map((key, index) => [key, index]));
    const order = ["", "\r", "1", "10", "9", "\u0080", "\u00f6", "\u20ac", "\u{1f600}", "\ufb33"];
    expect(written(value)).to.equal(
      `{${order.map((key) => `${JSON.stringify(key)}:${keys.indexOf(key)}`).join(",")}}`,
    );
  });

  it("writes numbers as RFC 8785, appendix B", () => {
    const cases: readonly (readonly [bits: string, text: string])[] = [
      ["0000000000000000", "0"],
      ["8000000000000000", "0"],
      ["0000000000000001", "5e-324"],
      ["8000000000000001", "-5e-324"],
      ["7fefffffffffffff", "1.7976931348623157e+308"],
      ["4340000000000000", "9007199254740992"],
      ["4430000000000000", "295147905179352830000"],
      ["44b52d02c7e14af5", "9.999999999999997e+22"],
      ["44b52d02c7e14af6", "1e+23"],
      ["444b1ae4d6e2ef4e", "999999999999999700000"],
      ["444b1ae4d6e2ef50", "1e+21"],
      ["3eb0c6f7a0b5ed8d", "0.000001"],
      ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
      ["41b3de4355555553", "333333333.3333332"],
      ["becbf647612f3696", "-0.0000033333333333333333"],
      ["43143ff3c1cb0959", "1424953923781206.2"],
    ];
    for (const [bits, text] of cases) {
      const view = new DataView(new ArrayBuffer(8));
      view.setBigUint64(0, BigInt(`0x${bits}`));
      expect(written(view.getFloat64(0)), bits).to.equal(text);
    }
  });

  it("escapes what RFC 8785 escapes and nothing else", () => {
    const text = '\u20ac$\u000f\nA\'B"\\\\"/\b\t\f\r\u007f\u2028';
    expect(written(text)).to.equal(
      '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\\b\\t\\f\\r\u007f\u2028"',
    );
  });

  it("refuses what RFC 8785 cannot write", () => {
    const deep = Array.from({ length: 80 }).reduce((inner) => [inner], 1 as unknown);
    const refused = [Number.NaN, Number.POSITIVE_INFINITY, "\ud800", { "\udfff": 1 }, [undefined]];
    for (const value of [...refused, 1n, Symbol("s"), () => 1, new Map(), new Date(0), deep]) {
      expectCode(() => canonicalJson({ value }), "NOT_CANONICAL_JSON");
    }
  });

  it("reads what it wrote, and no other bytes", () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: "small" }), (value) => {
        const bytes = canonicalJson(value);
        expect(canonicalJson(parseCanonicalJson(bytes))).to.deep.equal(bytes);
      }),
      { numRuns: 200 },
    );
    const others = [
      ' {"a":1}',
      '{"a":1}\n',
      '{"a":1}{}',
      '{"a":1,}',
      '\ufeff{"a":1}',
      '{"a":1,"a":1}',
      '{"a":0,"a":1}',
      '{"b":1,"a":1}',
      '{"a":1.0}',
      '{"a":1e0}',
      '{"a":-0}',
      '{"a":01}',
      '{"a":1e400}',
      '{"a":100000000000000000000000}',
      '{"\\u0061":1}',
      '{"a":"\\/"}',
      '{"a":"\\u000A"}',
      '{"a":"\\ud800"}',
      '{"a": 1}',
      '{"a":NaN}',
      "",
      "{'a':1}",
      `${"[".repeat(100)}${"]".repeat(100)}`,
      `${"[".repeat(200_000)}${"]".repeat(200_000)}`,
    ];
    for (const text of others) {
      expectCode(() => parseCanonicalJson(utf8(text)), "NOT_CANONICAL_JSON");
    }
    expectCode(() => parseCanonicalJson(Uint8Array.of(0x22, 0xff, 0x22)), "NOT_CANONICAL_JSON");
    // A surrogate pair in three bytes each, as CESU-8 has it.
    const cesu = Uint8Array.of(0x22, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80, 0x22);
    expectCode(() => parseCanonicalJson(cesu), "NOT_CANONICAL_JSON");
  });
});

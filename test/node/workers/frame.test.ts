import { expect } from "chai";
import fc from "fast-check";
import {
  decodeFrame,
  encodeFrame,
  MAX_HEADER_BYTES,
  MAX_PAYLOAD_BYTES,
} from "../../../node/workers/frame.ts";
import { decodeNodeMessage, decodeWorkerMessage } from "../../../node/workers/protocol.ts";
import { expectCode } from "../../helpers/expect-code.ts";

function frameOf(
  headerText: string,
  payload = new Uint8Array(0),
  headerLength?: number,
): Uint8Array {
  const json = new TextEncoder().encode(headerText);
  const frame = new Uint8Array(4 + json.length + payload.length);
  new DataView(frame.buffer).setUint32(0, headerLength ?? json.length, true);
  frame.set(json, 4);
  frame.set(payload, 4 + json.length);
  return frame;
}

describe("worker frame", () => {
  it("gives back header and payload", () => {
    const keys = fc.string({ maxLength: 8 }).filter((key) => !["bytes", "__proto__"].includes(key));
    const header = fc.dictionary(keys, fc.oneof(fc.string(), fc.integer(), fc.boolean()));
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 300 }), (message, payload) => {
        const frame = decodeFrame(encodeFrame(message, payload));
        expect({ ...frame.header }).to.deep.equal({ ...message });
        expect([...frame.payload]).to.deep.equal([...payload]);
      }),
    );
  });

  it("refuses random bytes with BAD_FRAME and no other error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expectCode(() => decodeFrame(bytes), "BAD_FRAME");
      }),
    );
  });

  const hostile: [string, Uint8Array][] = [
    ["an empty message", new Uint8Array(0)],
    ["a header longer than the frame", frameOf('{"bytes":0}', new Uint8Array(0), 5_000)],
    ["a header length of 4 GiB", frameOf('{"bytes":0}', new Uint8Array(0), 0xffffffff)],
    ["a header above 64 KiB", frameOf(`{"bytes":0,"x":"${"a".repeat(MAX_HEADER_BYTES)}"}`)],
    ["a payload that is not announced", frameOf('{"type":"part"}', new Uint8Array(3))],
    ["a payload shorter than announced", frameOf('{"bytes":4}', new Uint8Array(3))],
    ["a negative payload", frameOf('{"bytes":-1}')],
    ["text that is not JSON", frameOf("{bytes:0}")],
    ["an array", frameOf("[0]")],
    ["null", frameOf("null")],
    ["bytes that are not UTF-8", new Uint8Array([2, 0, 0, 0, 0xff, 0xfe])],
  ];
  for (const [what, frame] of hostile) {
    it(`refuses ${what}`, () => {
      expectCode(() => decodeFrame(frame), "BAD_FRAME");
    });
  }

  it("will not make a frame above its limits", () => {
    expect(() => encodeFrame({}, new Uint8Array(MAX_PAYLOAD_BYTES + 1))).to.throw(RangeError);
    expect(() => encodeFrame({ text: "a".repeat(MAX_HEADER_BYTES) })).to.throw(RangeError);
  });
});

describe("worker messages", () => {
  const hash = "ab".repeat(32);
  const hello = { type: "hello", version: 1, engine: hash, threads: 1, platform: "linux-x64" };

  it("accepts a hello", () => {
    expect(decodeWorkerMessage(hello)).to.deep.equal(hello);
  });

  const hostile: [string, object, string][] = [
    ["an unknown type", { type: "shutdown" }, "type"],
    ["no type", {}, "type"],
    ["a field too many", { ...hello, admin: true }, "hello"],
    ["an engine that is no hash", { ...hello, engine: "0x12" }, "engine"],
    ["a long platform", { ...hello, platform: "x".repeat(65) }, "platform"],
    ["a fractional task", { type: "lacks", task: 1.5 }, "task"],
    ["a negative step", { type: "progress", task: 1, step: -1, steps: 1, loss: null }, "step"],
    [
      "an output with a long name",
      { type: "output", task: 1, name: "x".repeat(33), index: 0, hash, size: 1 },
      "name",
    ],
    [
      "an empty output",
      { type: "output", task: 1, name: "state", index: 0, hash, size: 0 },
      "size",
    ],
    ["an unknown result", { type: "done", task: 1, result: { kind: "x" } }, "kind"],
    [
      "a loss that is not finite",
      { type: "done", task: 1, result: { kind: "evaluate", lossSum: null, samples: 1 } },
      "lossSum",
    ],
  ];
  for (const [what, message, field] of hostile) {
    it(`refuses ${what}`, () => {
      const error = expectCode(() => decodeWorkerMessage(message), "BAD_FRAME");
      if (field !== "hello") expect(error.message).to.contain(field);
    });
  }

  for (const [field, changes] of [
    ["jobFrom", { jobFrom: "abc" }],
    ["jobFrom", { jobFrom: "1e3" }],
    ["jobFrom", { jobFrom: "-1" }],
    ["jobTo", { jobTo: "0x40" }],
    ["jobTo", { jobTo: "18446744073709551616" }],
    ["from", { from: "" }],
    ["from", { from: 0 }],
    ["to", { to: "01" }],
    ["to", { to: "2" }],
    ["unitBits", { unitBits: 1e300 }],
    ["unitBits", { unitBits: "a" }],
    ["nonceBytes", { nonceBytes: 1e300 }],
  ] as const) {
    it(`refuses an order to search with ${JSON.stringify(changes)}`, () => {
      const order = {
        kind: "search",
        prefix: "",
        suffix: "",
        nonceBytes: 8,
        endian: "big",
        target: hash,
        unitBits: 6,
        jobFrom: "0",
        jobTo: "64",
        from: "0",
        to: "1",
      };
      const message = { type: "order", task: 1, inputs: [], order: { ...order, ...changes } };
      decodeNodeMessage({ ...message, order });
      const error = expectCode(() => decodeNodeMessage(message), "BAD_FRAME");
      expect(error.message).to.contain(field);
    });
  }

  it("refuses a message of the other direction", () => {
    expectCode(() => decodeNodeMessage(hello), "BAD_FRAME");
  });
});

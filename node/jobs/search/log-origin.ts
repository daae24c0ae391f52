/** Where a log of leases goes on from (leases/turned.ts), as bytes on this node's disk. */
import { ContainerType, ListCompositeType } from "@chainsafe/ssz";
import { decodeSsz } from "../../../chain/decode.ts";
import { Hash, Uint16, Uint32, Uint64 } from "../../../chain/types/primitive.ts";
import { MAX_LEASES } from "./leases/lease-table.ts";
import type { Span, Spans } from "./leases/span.ts";
import type { LogOrigin } from "./leases/turned.ts";

/** Pieces of a range that is searched by many lanes, at most. */
const MAX_SPANS = 2 ** 21;

const WireSpan = new ContainerType(
  { from: Uint64, to: Uint64 },
  { typeName: "LeaseSpan", jsonCase: "eth2" },
);
const WireSpans = new ListCompositeType(WireSpan, MAX_SPANS);
const WireHeld = new ContainerType(
  { was: Uint32, node: Uint32, lane: Uint16, from: Uint64, to: Uint64, spans: WireSpans },
  { typeName: "HeldLease", jsonCase: "eth2" },
);
const WireOrigin = new ContainerType(
  { root: Hash, open: WireSpans, held: new ListCompositeType(WireHeld, MAX_LEASES) },
  { typeName: "LeaseLogOrigin", jsonCase: "eth2" },
);

export function encodeOrigin({ root, open, held }: LogOrigin): Uint8Array {
  return WireOrigin.serialize({
    root,
    open: open.map(wide),
    held: held.map(({ was, node, lane, spans, ...span }) => ({
      was,
      node,
      lane,
      ...wide(span),
      spans: spans.map(wide),
    })),
  });
}

/** @throws DecodeError */
export function decodeOrigin(bytes: Uint8Array): LogOrigin {
  const { root, open, held } = decodeSsz("origin of a lease log", WireOrigin, bytes);
  return {
    root,
    open: narrow(open),
    held: held.map(({ was, node, lane, from, to, spans }) => ({
      was,
      node,
      lane,
      from: Number(from),
      to: Number(to),
      spans: narrow(spans),
    })),
  };
}

interface WideSpan {
  readonly from: bigint;
  readonly to: bigint;
}

function wide({ from, to }: Span): WideSpan {
  return { from: BigInt(from), to: BigInt(to) };
}

function narrow(spans: readonly WideSpan[]): Spans {
  return spans.map(({ from, to }) => ({ from: Number(from), to: Number(to) }));
}

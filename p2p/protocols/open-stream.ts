/** Opens a stream on a connection, with typed errors for a peer that does not speak the protocol. */
import type { Connection } from "@libp2p/interface";
import { P2pError, reasonOf } from "../errors.ts";
import { type ByteStream, fromLibp2p } from "./stream.ts";

/** For one connection and direction; more than all protocols together admit (protocol.ts). */
export const MAX_STREAMS = 256;

export interface ProtocolName {
  /** Name within this project, without the network. */
  readonly protocol: string;
  /** Name on the wire, with the network in it. */
  readonly wire: string;
}

/** @throws P2pError UNSUPPORTED_PROTOCOL, STREAM_FAILED */
export async function openStream(
  connection: Connection,
  { protocol, wire }: ProtocolName,
  signal: AbortSignal,
): Promise<ByteStream> {
  const peer = connection.remotePeer.toString();
  try {
    return fromLibp2p(
      await connection.newStream(wire, { signal, maxOutboundStreams: MAX_STREAMS }),
    );
  } catch (error) {
    if (error instanceof Error && error.name === "UnsupportedProtocolError") {
      const facts = { code: "UNSUPPORTED_PROTOCOL", peer, protocol } as const;
      throw new P2pError(`${peer} does not speak ${protocol}`, facts, { cause: error });
    }
    const reason = reasonOf(error);
    throw new P2pError(
      `${protocol}: no stream to ${peer}: ${reason}`,
      { code: "STREAM_FAILED", peer, protocol, reason },
      { cause: error },
    );
  }
}

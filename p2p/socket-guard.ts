/**
 * Keeps strangers from holding the node's sockets, and from ending the process. libp2p's WebSocket listener does not
 * handle errors of its sockets, so one malformed frame would end the process. It waits for ever for a client that sends
 * nothing, leaves the socket of a failed handshake open (it closes with code 1006, which `ws` refuses), and accepts
 * messages of 100 MiB from anybody. Here every socket becomes a connection in time or is destroyed; the number of
 * sockets of one address that are no connection yet is limited; and so is the size of a message, to what our own
 * transport sends.
 */
import { Server, type Socket } from "node:net";
import type { Connection, CreateListenerOptions, Listener, Transport } from "@libp2p/interface";
import { type WebSocketsComponents, webSockets } from "@libp2p/websockets";
import type { WebSocketServer } from "ws";
import { placeOf } from "./peers/place.ts";

export interface SocketLimits {
  /** From the TCP connection to an encrypted one. */
  readonly handshakeMs: number;
  /** Open sockets in all. */
  readonly sockets: number;
  /** Sockets of one address (for IPv6, of one /64) that are no connection yet. */
  readonly pendingPerAddress: number;
}

/** Noise sends at most 64 KiB at once. */
const MAX_MESSAGE_BYTES = 256 * 1024;

interface Components extends WebSocketsComponents {
  readonly connectionManager: { getConnections(): Connection[] };
}

/** The WebSocket transport with guarded listeners. */
export function guardedWebSockets(limits: SocketLimits): (components: Components) => Transport {
  const make = webSockets();
  return (components) => {
    const transport = make(components);
    const create = transport.createListener.bind(transport);
    transport.createListener = (options: CreateListenerOptions): Listener => {
      const listener = create(options);
      guard(listener, limits, () => components.connectionManager.getConnections());
      return listener;
    };
    return transport;
  };
}

function guard(listener: Listener, limits: SocketLimits, connections: () => Connection[]): void {
  const { server, wsServer } = internalsOf(listener);
  wsServer.options.maxPayload = MAX_MESSAGE_BYTES;
  const handle = wsServer.handleUpgrade.bind(wsServer);
  wsServer.handleUpgrade = (request, socket, head, done) =>
    handle(request, socket, head, (client, upgraded) => {
      client.on("error", () => client.terminate());
      done(client, upgraded);
    });
  server.maxConnections = limits.sockets;
  const pending = new Map<string, number>();
  server.prependListener("connection", (socket: Socket) => {
    const address = placeOf(socket.remoteAddress ?? "").key;
    const count = (pending.get(address) ?? 0) + 1;
    if (count > limits.pendingPerAddress) {
      socket.destroy();
      return;
    }
    pending.set(address, count);
    const settle = (): void => {
      clearTimeout(timer);
      socket.off("close", settle);
      const left = (pending.get(address) ?? 1) - 1;
      if (left > 0) pending.set(address, left);
      else pending.delete(address);
    };
    const timer = setTimeout(() => {
      settle();
      if (!isConnection(socket, connections())) socket.destroy();
    }, limits.handshakeMs);
    socket.on("close", settle);
  });
}

/** Compares the remote ports: no two sockets of one address share one. */
function isConnection({ remotePort }: Socket, connections: readonly Connection[]): boolean {
  return connections.some(({ remoteAddr }) =>
    remoteAddr.toString().includes(`/tcp/${remotePort}/`),
  );
}

interface Internals {
  readonly server: Server;
  readonly wsServer: WebSocketServer;
}

/** @throws TypeError when a new version of the library keeps them elsewhere; then this file must be adapted */
function internalsOf(listener: Listener): Internals {
  const { server, wsServer } = listener as unknown as Partial<Internals>;
  if (!(server instanceof Server) || wsServer?.handleUpgrade === undefined) {
    throw new TypeError("@libp2p/websockets: its listener has no server and wsServer any more");
  }
  return { server, wsServer };
}

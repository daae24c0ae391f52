/** Free TCP ports on loopback. They are let go before use, so another program could take one in between. */
import { once } from "node:events";
import { createServer, type Server } from "node:net";

/** @returns `count` different ports */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map(portOf);
  for (const server of servers) {
    server.close();
    await once(server, "close");
  }
  return ports;
}

async function listen(): Promise<Server> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address === "string" || address === null) throw new TypeError("not a TCP server");
  return address.port;
}

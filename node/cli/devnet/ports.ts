/**
 * Free TCP ports on loopback. They are released before they are used. So they are chosen below the range from which
 * systems take ports for outgoing connections, because connections of the network itself could take them otherwise.
 */
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:net";

/** Linux uses 32768 and above for outgoing connections, macOS and Windows 49152 and above. */
const LOWEST = 20_000;
const END = 32_000;
const MAX_TRIES = 1_000;

/**
 * @returns `count` different ports
 * @throws Error when so many are not found
 */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  try {
    for (let tries = 0; held.size < count; tries++) {
      if (tries === MAX_TRIES) throw new Error(`no ${count} free ports from ${LOWEST} to ${END}`);
      const port = randomInt(LOWEST, END);
      const server = held.has(port) ? undefined : await tryListen(port);
      if (server !== undefined) held.set(port, server);
    }
    return [...held.keys()];
  } finally {
    await Promise.all([...held.values()].map(close));
  }
}

/** Undefined when the port is taken. */
async function tryListen(port: number): Promise<Server | undefined> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return server;
  } catch {
    return undefined;
  }
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}

/**
 * How far an address reaches, and which addresses count as one owner. A peer may name any address to other nodes.
 * Without a rule it could make them connect to machines inside their own networks, which it cannot reach itself.
 */
import { BlockList, isIP } from "node:net";

/** loopback: this machine. private: this network or link. public: everything else, including names. */
export type Scope = "loopback" | "private" | "public";

const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
] as const) {
  PRIVATE.addSubnet(network, prefix, "ipv4");
}
for (const [network, prefix] of [
  ["::", 128],
  ["64:ff9b::", 96],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const) {
  PRIVATE.addSubnet(network, prefix, "ipv6");
}
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

const HOST = /^\/(ip4|ip6|dns|dns4|dns6|dnsaddr)\/([^/]+)/;
/** An IPv4 address written as IPv6. */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

export function scopeOf(address: string): Scope {
  const host = hostOf(address);
  const family = isIP(host);
  if (family === 0)
    return /^(localhost|.*\.(localhost|local|internal))\.?$/i.test(host) ? "loopback" : "public";
  const name = family === 4 ? "ipv4" : "ipv6";
  if (LOOPBACK.check(host, name)) return "loopback";
  return PRIVATE.check(host, name) ? "private" : "public";
}

/** Whether a peer at the address `from` may name the address `told`: its own must reach no further. */
export function mayName(from: Scope, told: Scope): boolean {
  return told === "public" || told === from || from === "loopback";
}

/**
 * What counts as one owner of addresses: an IPv4 /24 or an IPv6 /48. Undefined on this machine, where all connections
 * through a local proxy, and all nodes of a test network, would look like one owner.
 */
export function groupOf(address: string): string | undefined {
  if (scopeOf(address) === "loopback") return undefined;
  const host = hostOf(address);
  switch (isIP(host)) {
    case 4:
      return host.split(".").slice(0, 3).join(".");
    case 6:
      return expanded(host).slice(0, 3).join(":");
    default:
      return host.toLowerCase();
  }
}

function hostOf(address: string): string {
  const host = HOST.exec(address)?.[2] ?? "";
  return MAPPED.exec(host)?.[1] ?? host;
}

function expanded(address: string): string[] {
  const [head = "", tail] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = tail === undefined ? 0 : 8 - before.length - after.length;
  const all = [...before, ...new Array<string>(Math.max(0, gap)).fill("0"), ...after];
  return all.map((part) => part.toLowerCase().replace(/^0+(?=.)/, ""));
}

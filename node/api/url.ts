/** Addresses in the form for URLs. */
import { isIPv6 } from "node:net";

/** An IPv6 address stands in brackets in a URL. */
export function hostInUrl(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

const ANY: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** The API's URL for programs on this machine; a node that listens on all addresses is reached on loopback. */
export function localUrl(host: string, port: number): string {
  return `http://${hostInUrl(ANY[host] ?? host)}:${port}`;
}

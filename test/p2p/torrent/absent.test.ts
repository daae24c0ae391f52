/** What WebTorrent can do and nodes never use is not installed: stands-in of the overrides take its place. */
import { readFile } from "node:fs/promises";
import { expect } from "chai";

const ROOT = new URL("../../../", import.meta.url);

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly link?: boolean; readonly resolved?: string }>
  >;
}

describe("packages that are absent", () => {
  it("trackers, LSD, DHT, uTP and port mapping are not among the packages", async () => {
    const text = await readFile(new URL("package-lock.json", ROOT), "utf8");
    const { packages } = JSON.parse(text) as Lock;
    const names = Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, ""));
    expect(names).to.include("webtorrent").and.not.include.members(["bittorrent-tracker"]);
    for (const name of [
      "bittorrent-lsd",
      "k-rpc",
      "socks",
      "xml2js",
      "@thaunknown/simple-websocket",
    ]) {
      expect(names, name).not.to.include(name);
    }
    for (const name of [
      "bittorrent-dht",
      "torrent-discovery",
      "utp-native",
      "@silentbot1/nat-api",
    ]) {
      const places = Object.entries(packages).filter(([path]) =>
        path.endsWith(`node_modules/${name}`),
      );
      expect(places, name).to.have.length(1);
      expect(places[0]?.[1].link, name).to.equal(true);
      expect(places[0]?.[1].resolved, name).to.match(/^p2p\/torrent\/absent\//);
    }
  });

  it("the stand-ins are what WebTorrent asks for, and do nothing", async () => {
    const at = (path: string): string => new URL(`p2p/torrent/absent/${path}`, ROOT).href;
    const dht: { Client: unknown } = await import(at("bittorrent-dht/index.js"));
    const nat: { default: unknown } = await import(at("nat-api/index.js"));
    expect([dht.Client, nat.default]).to.deep.equal([undefined, undefined]);
    const { default: Discovery } = await import(at("torrent-discovery/index.js"));
    const discovery = new Discovery({ infoHash: "00", peerId: "11", port: 1 });
    discovery.complete();
    expect(discovery.tracker).to.equal(null);
    await new Promise<void>((resolve) => discovery.destroy(resolve));
  });
});

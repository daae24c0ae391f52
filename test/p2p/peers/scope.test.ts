import { expect } from "chai";
import { groupOf, mayName, scopeOf } from "../../../p2p/peers/scope.ts";

describe("scope of an address", () => {
  for (const [address, scope] of [
    ["/ip4/127.0.0.1/tcp/1/ws", "loopback"],
    ["/ip6/::1/tcp/1/ws", "loopback"],
    ["/ip6/::ffff:127.0.0.1/tcp/1/ws", "loopback"],
    ["/dns4/localhost/tcp/1/ws", "loopback"],
    ["/dns4/printer.local/tcp/1/ws", "loopback"],
    ["/ip4/0.0.0.0/tcp/1/ws", "private"],
    ["/ip4/10.1.2.3/tcp/1/ws", "private"],
    ["/ip4/172.31.0.1/tcp/1/ws", "private"],
    ["/ip4/172.32.0.1/tcp/1/ws", "public"],
    ["/ip4/192.168.1.1/tcp/80/ws", "private"],
    ["/ip4/169.254.169.254/tcp/80/ws", "private"],
    ["/ip4/100.64.0.1/tcp/80/ws", "private"],
    ["/ip4/255.255.255.255/tcp/80/ws", "private"],
    ["/ip6/fd00::1/tcp/1/ws", "private"],
    ["/ip6/fe80::1/tcp/1/ws", "private"],
    ["/ip6/::ffff:192.168.0.1/tcp/1/ws", "private"],
    ["/ip4/203.0.113.7/tcp/1/ws", "public"],
    ["/ip6/2001:db8::1/tcp/1/ws", "public"],
    ["/dns4/node.example/tcp/443/wss", "public"],
  ] as const) {
    it(`of ${address} is ${scope}`, () => expect(scopeOf(address)).to.equal(scope));
  }

  it("lets a peer name addresses that reach as far as its own", () => {
    expect(mayName("public", "public")).to.equal(true);
    expect(mayName("public", "private")).to.equal(false);
    expect(mayName("public", "loopback")).to.equal(false);
    expect(mayName("private", "private")).to.equal(true);
    expect(mayName("private", "loopback")).to.equal(false);
    expect(mayName("loopback", "private")).to.equal(true);
  });

  it("groups what one owner is likely to have", () => {
    const group = (host: string) => groupOf(`/${host}/tcp/1/ws`);
    expect(group("ip4/203.0.113.7")).to.equal(group("ip4/203.0.113.200"));
    expect(group("ip4/203.0.113.7")).to.not.equal(group("ip4/203.0.114.7"));
    expect(group("ip6/2001:db8:1::1")).to.equal(group("ip6/2001:0db8:0001:2:3:4:5:6"));
    expect(group("ip6/2001:db8:1::1")).to.not.equal(group("ip6/2001:db8:2::1"));
    expect(group("ip4/127.0.0.1")).to.equal(undefined);
  });
});

/** Guards, health, the OpenAPI document, the page's files, upgrades, and starting and stopping. */
import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { WebSocket } from "ws";
import { z } from "zod";
import { ANSWERS } from "../../../node/api/contract/answers.ts";
import { contractSchemas } from "../../../node/api/contract-schemas.ts";
import type { Answer } from "../../../node/api/route.ts";
import { buildLight } from "../../../node/page/light/build.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { FixtureNode } from "../../helpers/fixture-node.ts";
import { refusal, startApi, type TestApi } from "./support.ts";

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

const isObject = ({ schema }: Answer): boolean => schema instanceof z.ZodObject;

describe("createApi", () => {
  let test: TestApi;

  beforeEach(async () => {
    test = await startApi();
  });
  afterEach(() => test.stop());

  it("answers for addresses, localhost and configured names only", async () => {
    const named = await startApi({ hosts: ["node.example"] });
    const status = (host: string) => statusFor(named.api.port, host);
    expect(await status("127.0.0.1:80")).to.equal(200);
    expect(await status("[::1]:80")).to.equal(200);
    expect(await status("LOCALHOST")).to.equal(200);
    expect(await status("node.example:8645")).to.equal(200);
    expect(await status("attacker.example")).to.equal(421);
    await named.stop();
  });

  it("limits the requests of one address", async () => {
    const limited = await startApi({ limits: { strangersBurst: 6, strangersPerSecond: 1 } });
    const codes: number[] = [];
    for (let i = 0; i < 4; i++) codes.push((await fetch(`${limited.url}/healthz`)).status);
    expect(codes).to.deep.equal([200, 200, 200, 429]);
    limited.clock.nowMs += 1000;
    expect((await fetch(`${limited.url}/healthz`)).status).to.equal(200);
    await limited.stop();
  });

  it("hangs up on a client that is silent, but not on one that waits for its answer", async () => {
    const idleMs = 50;
    const node = new FixtureNode();
    const test = await startApi({ limits: { idleMs } }, node);
    const hungUp = () =>
      once(connect(Number(new URL(test.url).port), "127.0.0.1").resume(), "close");
    const datasets = node.datasets.bind(node);
    node.datasets = async () => {
      // Both came later than the request: by then a silent client would be gone.
      await hungUp();
      await hungUp();
      return datasets();
    };
    expect((await fetch(`${test.url}/v1/datasets`)).status).to.equal(200);
    await test.stop();
  });

  it("limits the connections of one address, not those of others", async () => {
    const limited = await startApi({ limits: { connectionsPerAddress: 2 } });
    const port = Number(new URL(limited.url).port);
    const from = (localAddress: string): Promise<boolean> =>
      new Promise((resolve) => {
        const socket = connect({ port, host: "127.0.0.1", localAddress });
        open.push(socket);
        socket.on("error", () => resolve(false));
        socket.on("close", () => resolve(false));
        socket.on("data", () => resolve(true));
        socket.write("GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
      });
    const open: Socket[] = [];
    expect(await from("127.0.0.1")).to.equal(true);
    expect(await from("127.0.0.1")).to.equal(true);
    expect(await from("127.0.0.1")).to.equal(false);
    expect(await from("127.0.0.2")).to.equal(true);
    for (const socket of open) socket.destroy();
    await limited.stop();
  });

  it("sends the headers a browser needs to be careful", async () => {
    const { headers } = await fetch(`${test.url}/`);
    expect(headers.get("content-security-policy")).to.contain("default-src 'none'");
    expect(headers.get("x-content-type-options")).to.equal("nosniff");
    expect(headers.get("access-control-allow-origin")).to.equal(null);
    expect(headers.get("x-powered-by")).to.equal(null);
  });

  it("is ready while blocks come, says why when not, and lives all the while", async () => {
    const health = async () => {
      const live = await fetch(`${test.url}/healthz`);
      const answer = await fetch(`${test.url}/readyz`);
      expect(live.status).to.equal(200);
      expect(await live.json()).to.deep.equal(await answer.clone().json());
      return [answer.status, ((await answer.json()) as { status: string }).status];
    };
    test.node.advance();
    test.clock.nowMs = test.node.status().headTime + 900;
    expect(await health()).to.deep.equal([200, "serving"]);
    test.clock.nowMs += 11_000;
    expect(await health()).to.deep.equal([503, "stalled"]);
    test.node.syncing = true;
    expect(await health()).to.deep.equal([503, "syncing"]);
  });

  it("serves metrics as Prometheus text", async () => {
    const answer = await fetch(`${test.url}/metrics`);
    expect(answer.headers.get("content-type")).to.contain("version=0.0.4");
    expect(await answer.text()).to.contain("poml_height 0");
    const without = await startApi({ metrics: false });
    expect((await refusal(`${without.url}/metrics`)).status).to.equal(404);
    await without.stop();
  });

  it("documents every route, and nothing else", async () => {
    const document = (await (await fetch(`${test.url}/openapi.json`)).json()) as OpenApi;
    expect(document.openapi).to.equal("3.1.0");
    const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    const served = test.api.routes
      .filter(({ undocumented }) => undocumented !== true)
      .map(({ method, path }) => `${method} ${path}`);
    expect(documented).to.have.members(served);
    expect(new Set(served).size).to.equal(served.length);
    for (const { path, method, undocumented } of test.api.routes) {
      const own = /^\/(assets\/|$)/.test(path);
      expect(undocumented === true, `${method} ${path}`).to.equal(own);
    }
  });

  it("answers as the table of answers says", () => {
    for (const [path, schema] of Object.entries(ANSWERS)) {
      const found = test.api.routes.find((one) => one.method === "get" && one.path === path);
      const answer = found?.answers.find(({ status }) => status === 200);
      expect(answer?.schema === schema, path).to.equal(true);
    }
    const left = test.api.routes.filter(
      ({ method, path, answers }) =>
        method === "get" && !Object.hasOwn(ANSWERS, path) && answers.some(isObject),
    );
    const free = /^\/(openapi.json|v1\/events|v1\/proof\/.*|v1\/jobs\/\{id\}\/model\/.*)$/;
    expect(left.map(({ path }) => path).filter((path) => !free.test(path))).to.deep.equal([]);
  });

  it("gives every structure of the contract one name", async () => {
    const names = [...(await contractSchemas()).values()];
    expect(names).to.include.members(["JobDetail", "RatingExplanation", "StorageJson", "Problem"]);
    expect(new Set(names).size).to.equal(names.length);
  });

  it("documents with references that resolve", async () => {
    const document = (await (await fetch(`${test.url}/openapi.json`)).json()) as OpenApi;
    const references = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g);
    let count = 0;
    for (const [, reference = ""] of references) {
      const name = reference.replace("#/components/schemas/", "");
      expect(document.components.schemas, reference).to.have.property(name);
      count++;
    }
    expect(count).to.be.above(30);
  });

  it("serves the page's files and no others", async () => {
    await buildLight();
    for (const { path, undocumented } of test.api.routes) {
      if (undocumented !== true) continue;
      const answer = await fetch(`${test.url}${path}`);
      expect(answer.status, path).to.equal(200);
      expect(answer.headers.get("content-type"), path).not.to.contain("octet-stream");
      await answer.arrayBuffer();
    }
    for (const path of ["/assets/../server.ts", "/assets/%2e%2e/services.ts", "/assets/"]) {
      expect((await refusal(`${test.url}${path}`)).status, path).to.equal(404);
    }
  });

  it("serves what the page's files ask for", async () => {
    const served = test.api.routes.flatMap(({ path, undocumented }) =>
      undocumented === true ? [path] : [],
    );
    expect(served).to.include.members(["/", "/assets/main.js", "/assets/style.css"]);
    for (const path of served) {
      if (/\/(light|uplot)\./.test(path)) continue;
      const text = await (await fetch(`${test.url}${path}`)).text();
      for (const [, name] of text.matchAll(/from "\.\/([\w-]+\.js)"/g)) {
        expect(served, path).to.include(`/assets/${name}`);
      }
      for (const [, asset] of text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)) {
        expect(served, path).to.include(asset);
      }
    }
  });

  it("answers HEAD without a body", async () => {
    const answer = await fetch(`${test.url}/v1/status`, { method: "HEAD" });
    expect(answer.status).to.equal(200);
    expect(await answer.text()).to.equal("");
  });

  it("hands upgrades at other paths to the handlers that asked for them", async () => {
    const paths: (string | undefined)[] = [];
    test.api.onUpgrade("/v1/workers", (incoming, socket) => {
      paths.push(incoming.url);
      socket.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n");
    });
    expect(await upgradeStatus(`${test.url}/v1/workers?x=1`)).to.equal(403);
    expect(paths).to.deep.equal(["/v1/workers?x=1"]);
    expect(await upgradeStatus(`${test.url}/v1/other`)).to.equal(404);
  });

  it("lets no foreign page open a WebSocket", async () => {
    const events = `${test.url}/v1/events`;
    expect(await upgradeStatus(events, { origin: "http://attacker.example" })).to.equal(403);
    expect(await upgradeStatus(events, { origin: "null" })).to.equal(403);
    expect(await upgradeStatus(events, { host: "attacker.example" })).to.equal(421);
    expect(await upgradeStatus(`${events}?since=-1`)).to.equal(400);
  });

  it("says which setting to change when the port is taken", async () => {
    const error = await expectCodeAsync(() => startApi({ port: test.api.port }), "PORT_IN_USE");
    expect(error.message).to.contain("api.port");
    expect(error.remedy).to.contain("--api-port");
  });

  it("stops although clients hold connections open", async () => {
    const held = await startApi();
    const silent = connect(held.api.port, "127.0.0.1");
    silent.on("error", () => undefined);
    silent.write("POST /v1/transactions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n");
    const socket = new WebSocket(`${held.url.replace("http", "ws")}/v1/events`);
    await new Promise((resolve) => socket.once("message", resolve));
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    await held.stop();
    expect(await closed).to.equal(1001);
    expect(held.api.port).to.equal(0);
  });
});

function statusFor(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, path: "/v1/status", headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

/** Status a WebSocket handshake is refused with; 101 when it is taken. */
function upgradeStatus(url: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url.replace("http", "ws"), { headers });
    socket.on("unexpected-response", (_outgoing, answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
      socket.terminate();
    });
    socket.on("open", () => {
      resolve(101);
      socket.terminate();
    });
    socket.on("error", () => undefined);
  });
}

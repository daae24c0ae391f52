/** A worker process that links, takes its first order and dies. Argument: the engine hash. */
import { WebSocket } from "ws";
import { decodeFrame, encodeFrame } from "../../../node/workers/frame.ts";
import { PROTOCOL_VERSION } from "../../../node/workers/protocol.ts";

process.once("message", ({ url, token }: { url: string; token: string }) => {
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
  const [, , engine] = process.argv;
  socket.on("open", () => {
    socket.send(
      encodeFrame({
        type: "hello",
        version: PROTOCOL_VERSION,
        engine,
        threads: 1,
        platform: "test",
      }),
    );
  });
  socket.on("message", (data) => {
    if (data instanceof Uint8Array && decodeFrame(data).header.type === "order") process.exit(7);
  });
  socket.on("close", () => process.exit(0));
});

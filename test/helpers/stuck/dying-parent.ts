/** Starts a helper that computes for ever, says its process id, and dies as in a crash. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const STUCK = fileURLToPath(new URL("./stuck-helper.ts", import.meta.url));
const child = fork(STUCK, ["computes"], { serialization: "advanced", stdio: "ignore" });
child.send({ kind: "inspect" });
child.once("message", () => {
  process.stdout.write(String(child.pid), () => {
    // It computes by then.
    setTimeout(() => process.kill(process.pid, "SIGKILL"), 500);
  });
});

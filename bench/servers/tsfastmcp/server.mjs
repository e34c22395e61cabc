// Serves with npm fastmcp over httpStream.
// BENCH_MODE: stateful-sse (its default), stateful-json, stateless-sse or stateless-json.
import { FastMCP } from "fastmcp";
import { z } from "zod";

const mode = process.env.BENCH_MODE ?? "";
const total = Number(process.env.BENCH_TOOLS ?? 0);
const quiet = () => {};
const server = new FastMCP({
  name: "tsfastmcp",
  version: "1.0.0",
  logger: { debug: quiet, error: quiet, info: quiet, log: quiet, warn: quiet },
});

server.addTool({
  name: "add",
  description: "Adds two numbers.",
  parameters: z.object({ a: z.number(), b: z.number() }),
  execute: async ({ a, b }) => String(a + b),
});
server.addTool({
  name: "echo",
  description: "Returns its argument.",
  parameters: z.object({ s: z.string() }),
  execute: async ({ s }) => s,
});
server.addTool({
  name: "count",
  description: "Reports progress n times.",
  parameters: z.object({ n: z.number().int() }),
  execute: async ({ n }, { reportProgress }) => {
    for (let i = 1; i <= n; i++) await reportProgress({ progress: i, total: n });
    return "done";
  },
});
server.addTool({
  name: "broadcast",
  description: "Notifies every session.",
  execute: async () => {
    await Promise.all(server.sessions.map((s) => s.triggerListChangedNotification("notifications/tools/list_changed")));
    return String(server.sessions.length);
  },
});
for (let i = 4; i < total; i++) {
  server.addTool({
    name: `filler_${String(i).padStart(3, "0")}`,
    description: `Filler tool number ${i}: multiplies a by b and reports the product.`,
    parameters: z.object({ a: z.number().describe("first factor"), b: z.number().describe("second factor") }),
    execute: async ({ a, b }) => String(a * b),
  });
}
server.addPrompt({
  name: "greet",
  arguments: [{ name: "name", required: true }],
  load: async ({ name }) => `Greet ${name} in one line.`,
});
server.addResource({
  uri: "bench://note",
  name: "note",
  mimeType: "text/plain",
  load: async () => ({ text: "The quick brown fox jumps over the lazy dog." }),
});

await server.start({
  transportType: "httpStream",
  httpStream: {
    port: Number(process.env.PORT ?? 8080),
    host: "127.0.0.1",
    stateless: mode.includes("stateless"),
    enableJsonResponse: mode.includes("json"),
  },
});

// The official TypeScript client, 2.x, over stdio. FASTMCP_NEGOTIATE is how it finds the revision: "legacy", its default,
// opens a session; "pin" insists on the revision without sessions; "auto" asks the server.
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { run, server } from './notes.mjs';

const how = process.env.FASTMCP_NEGOTIATE;
const mode = how === 'pin' ? { pin: process.env.FASTMCP_REVISION } : how;
const client = new Client({ name: 'e2e', version: '1' }, how === 'legacy' ? {} : { versionNegotiation: { mode } });
await client.connect(new StdioClientTransport(server));
await run({ client, version: client.getNegotiatedProtocolVersion(), call: (name, args, options) => client.callTool({ name, arguments: args }, options) });

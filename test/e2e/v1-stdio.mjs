// The official TypeScript client, 1.x, over stdio.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { run, server } from './notes.mjs';

const client = new Client({ name: 'e2e', version: '1' });
await client.connect(new StdioClientTransport(server));
await run({ client, call: (name, args, options) => client.callTool({ name, arguments: args }, undefined, options) });

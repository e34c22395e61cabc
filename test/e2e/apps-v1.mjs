// The official TypeScript client, 1.x, as a host of MCP Apps.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { capabilities, host } from './apps.mjs';

await host({
    async connect(url) {
        const client = new Client({ name: 'e2e', version: '1' }, { capabilities });
        await client.connect(new StreamableHTTPClientTransport(url));
        return { client, call: (name, args) => client.callTool({ name, arguments: args }), close: () => client.close() };
    }
});

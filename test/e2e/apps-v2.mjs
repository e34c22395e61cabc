// The official TypeScript client, 2.x, as a host of MCP Apps, in the revision without sessions.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { capabilities, host } from './apps.mjs';

await host({
    async connect(url) {
        const client = new Client({ name: 'e2e', version: '1' }, { capabilities, versionNegotiation: { mode: { pin: '2026-07-28' } } });
        await client.connect(new StreamableHTTPClientTransport(url));
        return { client, call: (name, args) => client.callTool({ name, arguments: args }), close: () => client.close() };
    }
});

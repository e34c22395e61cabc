// The official TypeScript client, 1.x.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { reconnectionOptions, run } from './checks.mjs';

await run({
    async connect(url) {
        const client = new Client({ name: 'e2e', version: '1' });
        const transport = new StreamableHTTPClientTransport(url, { reconnectionOptions });
        await client.connect(transport);
        return {
            client,
            version: transport.protocolVersion,
            call: (name, args, options) => client.callTool({ name, arguments: args }, undefined, options),
            async close() {
                await transport.terminateSession();
                await client.close();
            }
        };
    }
});

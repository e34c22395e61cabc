// The official TypeScript client, 2.x, in the revisions with sessions.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { reconnectionOptions, revision, run } from './checks.mjs';

await run({
    async connect(url) {
        const client = new Client({ name: 'e2e', version: '1' }, { supportedProtocolVersions: [revision], versionNegotiation: { mode: 'legacy' } });
        const transport = new StreamableHTTPClientTransport(url, { reconnectionOptions });
        await client.connect(transport);
        return {
            client,
            version: client.getNegotiatedProtocolVersion(),
            call: (name, args, options) => client.callTool({ name, arguments: args }, options),
            async close() {
                await transport.terminateSession();
                await client.close();
            }
        };
    }
});
